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
import java.util.zip.CRC32C;

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

    /// Of the inputs and labels of all samples in their order: a change of a single float is noticed. Samples are
    /// read once, on several threads; those of a folder of pictures are decoded for it. An input enters by its
    /// CRC-32C, which is ten times as fast where processors have no instructions for SHA-256.
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
        CRC32C checksum = new CRC32C();
        for (int i = 0; i < count; i++) {
            Sample sample = data.get(from + i);
            checksum.reset();
            feed(sample.input(), checksum::update);
            block.add(sample.input().type() + " " + checksum.getValue());
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
        feed(tensor, digest::update);
    }

    /// Takes `length` bytes from `offset` on.
    @FunctionalInterface
    private interface Sink {
        void update(byte[] bytes, int offset, int length);
    }

    /// The values of a tensor as bytes; floats as floats, others as doubles.
    private static void feed(Tensor tensor, Sink sink) {
        boolean single = tensor.dtype() == DType.F32;
        float[] floats = single ? tensor.toFloats() : new float[0];
        double[] doubles = single ? new double[0] : tensor.toDoubles();
        int width = single ? Float.BYTES : Double.BYTES;
        ByteBuffer bytes = ByteBuffer.allocate(width * Math.min(tensor.numel(), CHUNK));
        for (int at = 0; at < tensor.numel(); at += CHUNK) {
            int count = Math.min(CHUNK, tensor.numel() - at);
            if (single) {
                bytes.asFloatBuffer().put(floats, at, count);
            } else {
                bytes.asDoubleBuffer().put(doubles, at, count);
            }
            sink.update(bytes.array(), 0, width * count);
        }
    }

    private String name() {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }
}
