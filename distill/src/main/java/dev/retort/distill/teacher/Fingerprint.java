package dev.retort.distill.teacher;

import dev.retort.nn.Module;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.IntStream;

/// Short names for the contents of networks and data sets: the first 16 hexadecimal digits of a SHA-256.
public final class Fingerprint {
    /// Samples that are digested together.
    private static final int BLOCK = 256;

    /// Values that are turned into bytes together.
    private static final int CHUNK = 4096;

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

    /// Of the inputs and labels of all samples in their order: a change of a single value is noticed. Samples are
    /// read once, on several threads.
    public static String of(Dataset data) {
        Fingerprint fingerprint = new Fingerprint();
        int size = data.size();
        fingerprint.add(Integer.toString(size));
        IntStream.range(0, Math.ceilDiv(size, BLOCK))
                .parallel()
                .mapToObj(block -> block(data, block * BLOCK, Math.min(BLOCK, size - block * BLOCK)))
                .forEachOrdered(fingerprint.digest::update);
        return fingerprint.name();
    }

    private static byte[] block(Dataset data, int from, int count) {
        Fingerprint block = new Fingerprint();
        for (int i = 0; i < count; i++) {
            Sample sample = data.get(from + i);
            block.add(sample.input());
            block.add(sample.target());
        }
        return block.digest.digest();
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
        if (tensor.dtype() == DType.F32) {
            float[] values = tensor.toFloats();
            ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * Math.min(values.length, CHUNK));
            for (int at = 0; at < values.length; at += CHUNK) {
                int count = Math.min(CHUNK, values.length - at);
                bytes.asFloatBuffer().put(values, at, count);
                digest.update(bytes.array(), 0, Float.BYTES * count);
            }
            return;
        }
        double[] values = tensor.toDoubles();
        ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * Math.min(values.length, CHUNK));
        for (int at = 0; at < values.length; at += CHUNK) {
            int count = Math.min(CHUNK, values.length - at);
            bytes.asDoubleBuffer().put(values, at, count);
            digest.update(bytes.array(), 0, Double.BYTES * count);
        }
    }

    private String name() {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
