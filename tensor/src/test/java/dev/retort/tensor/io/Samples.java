package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Tensors and damaged files for the tests of the formats.
final class Samples {
    static final List<Shape> SHAPES = List.of(
            Shape.SCALAR,
            Shape.of(0),
            Shape.of(1),
            Shape.of(7),
            Shape.of(3, 0, 2),
            Shape.of(3, 5),
            Shape.of(2, 3, 5),
            Shape.of(1, 2, 1, 3));

    private Samples() {}

    /// Different bits in all elements, including NaN payloads and both zeros in the floating types.
    static Tensor filled(DType dtype, Shape shape) {
        HostStorage storage = HostStorage.allocate(dtype, shape.numel());
        for (int i = 0; i < storage.size(); i++) {
            long bits = (i + 1) * 0x9E3779B97F4A7C15L;
            switch (dtype) {
                case F32 -> storage.floats()[i] = Float.intBitsToFloat((int) bits);
                case F64 -> storage.doubles()[i] = Double.longBitsToDouble(bits);
                case BF16, F16 -> storage.shorts()[i] = (short) bits;
                case I64 -> storage.longs()[i] = bits;
                case I32 -> storage.ints()[i] = (int) bits;
                case I8, U8 -> storage.bytes()[i] = (byte) bits;
                case BOOL -> storage.bytes()[i] = (byte) (bits & 1);
            }
        }
        return Tensor.of(storage, 0, shape, shape.contiguousStrides());
    }

    /// Whether dtype, shape and all bits agree.
    static boolean same(Tensor a, Tensor b) {
        return a.type().equals(b.type()) && sameBits(a.toHost(), b.toHost());
    }

    private static boolean sameBits(HostStorage a, HostStorage b) {
        return switch (a.dtype()) {
            case F32 -> bits(a.floats()).equals(bits(b.floats()));
            case F64 -> bits(a.doubles()).equals(bits(b.doubles()));
            case BF16, F16 -> Arrays.equals(a.shorts(), b.shorts());
            case I64 -> Arrays.equals(a.longs(), b.longs());
            case I32 -> Arrays.equals(a.ints(), b.ints());
            case I8, U8, BOOL -> Arrays.equals(a.bytes(), b.bytes());
        };
    }

    private static List<Integer> bits(float[] values) {
        Integer[] bits = new Integer[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return List.of(bits);
    }

    private static List<Long> bits(double[] values) {
        Long[] bits = new Long[values.length];
        Arrays.setAll(bits, i -> Double.doubleToRawLongBits(values[i]));
        return List.of(bits);
    }

    static boolean same(Map<String, Tensor> a, Map<String, Tensor> b) {
        return a.keySet().equals(b.keySet()) && a.keySet().stream().allMatch(name -> same(a.get(name), b.get(name)));
    }

    /// A small model, as a state dict would give it.
    static Map<String, Tensor> state() {
        Map<String, Tensor> state = new TreeMap<>();
        state.put("conv1.weight", filled(DType.F32, Shape.of(2, 1, 3, 3)));
        state.put("conv1.bias", filled(DType.F32, Shape.of(2)));
        state.put("mask", filled(DType.BOOL, Shape.of(5)));
        state.put("step", filled(DType.I64, Shape.SCALAR));
        return state;
    }

    /// Reads a file in one way or another.
    @FunctionalInterface
    interface Reader {
        Object read(Path path) throws IOException;
    }

    /// Puts `bytes` into `path` and reads it; returns the message of the [FormatException], or null after
    /// success. Any other exception or error goes through to the test.
    static @org.jspecify.annotations.Nullable String read(Path path, byte[] bytes, Reader reader) throws IOException {
        Files.write(path, bytes);
        try {
            reader.read(path);
            return null;
        } catch (FormatException e) {
            return e.getMessage();
        }
    }
}
