package dev.retort.tensor;

import dev.retort.tensor.op.Op;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// The heap could not hold what an op needs; the message names the op, its inputs and results, and their size.
public final class MemoryShortage extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;

    private MemoryShortage(String message) {
        super(message);
    }

    /// The error of the JVM with what was to be computed; that of an op inside another stays as it is.
    static MemoryShortage of(Op op, Tensor[] inputs, TensorType[] results, OutOfMemoryError error) {
        if (error instanceof MemoryShortage named) {
            return named;
        }
        TensorType[] types = Arrays.stream(inputs).map(Tensor::type).toArray(TensorType[]::new);
        MemoryShortage named = new MemoryShortage(
                op.name() + ": of " + list(types) + ", for results " + list(results) + ": " + error.getMessage());
        named.initCause(error);
        return named;
    }

    /// The same for a buffer outside of ops.
    static MemoryShortage of(DType dtype, int size, OutOfMemoryError error) {
        MemoryShortage named = new MemoryShortage(
                String.format(Locale.ROOT, "tensor: %s of %,d elements%s: ", dtype, size, mebibytes(dtype, size))
                        + error.getMessage());
        named.initCause(error);
        return named;
    }

    private static String list(TensorType[] types) {
        return Arrays.stream(types)
                .map(type -> type + mebibytes(type.dtype(), type.shape().numel()))
                .collect(Collectors.joining(", "));
    }

    private static String mebibytes(DType dtype, long elements) {
        return String.format(Locale.ROOT, " (%,d MiB)", elements * dtype.bytes() >> 20);
    }
}
