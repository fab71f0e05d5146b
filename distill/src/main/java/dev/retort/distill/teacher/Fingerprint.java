package dev.retort.distill.teacher;

import dev.retort.nn.Module;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Short names for the contents of networks and data sets: the first 16 hexadecimal digits of a SHA-256.
public final class Fingerprint {
    private static final int SAMPLES = 1024;

    private final MessageDigest digest;

    private Fingerprint() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("fingerprint: every Java platform has SHA-256", e);
        }
    }

    /// Of the names, shapes and values of all parameters and buffers.
    public static String of(Module network) {
        Fingerprint fingerprint = new Fingerprint();
        network.stateDict().forEach((name, tensor) -> {
            fingerprint.add(name);
            fingerprint.add(tensor);
        });
        return fingerprint.name();
    }

    /// Of the size, and of the inputs and labels of at most 1,024 samples spread evenly: a reordered or
    /// replaced data set is noticed, a change of single samples in a large one may not be. Use a name of
    /// your own where that matters.
    public static String of(Dataset data) {
        Fingerprint fingerprint = new Fingerprint();
        int size = data.size();
        fingerprint.add(Integer.toString(size));
        int count = Math.min(size, SAMPLES);
        for (int i = 0; i < count; i++) {
            Sample sample = data.get((int) ((long) i * size / count));
            fingerprint.add(sample.input());
            fingerprint.add(sample.target());
        }
        return fingerprint.name();
    }

    /// Of several names together, in this order.
    public static String of(String... names) {
        Fingerprint fingerprint = new Fingerprint();
        for (String name : names) {
            fingerprint.add(name);
        }
        return fingerprint.name();
    }

    private void add(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(4).putInt(0, bytes.length));
        digest.update(bytes);
    }

    private void add(Tensor tensor) {
        add(tensor.type().toString());
        double[] values = tensor.toDoubles();
        ByteBuffer buffer = ByteBuffer.allocate(8 * 1024);
        for (double value : values) {
            buffer.putLong(Double.doubleToLongBits(value));
            if (!buffer.hasRemaining()) {
                digest.update(buffer.flip());
                buffer.clear();
            }
        }
        digest.update(buffer.flip());
    }

    private String name() {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
