package dev.retort.tensor;

import dev.retort.tensor.op.Op;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// The heap could not hold what an op needs; the message names the op, its inputs and results, and their size.
public final class MemoryShortage extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;

    private final boolean namesOp;

    private MemoryShortage(String message, boolean namesOp, OutOfMemoryError error) {
        super(message);
        this.namesOp = namesOp;
        initCause(error);
    }

    /// What was to be computed, then the error of the JVM or of a buffer; that of an op inside another stays as it is.
    static MemoryShortage of(Op op, Tensor[] inputs, TensorType[] results, OutOfMemoryError error) {
        if (error instanceof MemoryShortage inner && inner.namesOp) {
            return inner;
        }
        TensorType[] types = Arrays.stream(inputs).map(Tensor::type).toArray(TensorType[]::new);
        return new MemoryShortage(
                op.name() + ": of " + list(types) + ", for results " + list(results) + ": " + error.getMessage(),
                true,
                error);
    }

    /// The same for a buffer outside of ops.
    static MemoryShortage of(DType dtype, int size, OutOfMemoryError error) {
        return new MemoryShortage(
                String.format(Locale.ROOT, "tensor: %s of %,d elements%s: ", dtype, size, mebibytes(dtype, size))
                        + error.getMessage(),
                false,
                error);
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
