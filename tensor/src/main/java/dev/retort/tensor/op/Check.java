package dev.retort.tensor.op;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;
import java.util.Arrays;

/// Argument checks that the op families share; each message is `op: expected, got`.
final class Check {
    private Check() {}

    static OpException fail(Op op, String expected, TensorType... got) {
        return new OpException(op.name() + ": " + expected + ", got " + describe(got));
    }

    static String describe(TensorType... types) {
        StringBuilder text = new StringBuilder();
        for (TensorType type : types) {
            text.append(text.isEmpty() ? "" : ", ").append(type);
        }
        return text.isEmpty() ? "nothing" : text.toString();
    }

    static void that(boolean ok, Op op, String expected, TensorType... got) {
        if (!ok) {
            throw fail(op, expected, got);
        }
    }

    static void arity(Op op, TensorType[] in, int count) {
        that(in.length == count, op, "expects " + count + " inputs", in);
    }

    static void arity(Op op, TensorType[] in, int min, int max) {
        that(in.length >= min && in.length <= max, op, "expects " + min + " to " + max + " inputs", in);
    }

    static void floating(Op op, TensorType type) {
        that(type.dtype().isFloating(), op, "expects a floating dtype", type);
    }

    static void bool(Op op, TensorType type) {
        that(type.dtype() == DType.BOOL, op, "expects dtype BOOL", type);
    }

    static void indices(Op op, TensorType type) {
        that(type.dtype() == DType.I64 || type.dtype() == DType.I32, op, "expects indices of dtype I64 or I32", type);
    }

    static void sameDType(Op op, TensorType... types) {
        for (TensorType type : types) {
            that(type.dtype() == types[0].dtype(), op, "expects inputs of one dtype", types);
        }
    }

    static void sameShape(Op op, TensorType... types) {
        for (TensorType type : types) {
            that(type.shape().equals(types[0].shape()), op, "expects inputs of one shape", types);
        }
    }

    static void rank(Op op, TensorType type, int rank) {
        that(type.shape().rank() == rank, op, "expects rank " + rank, type);
    }

    static void dim(Op op, TensorType type, int dim) {
        that(dim >= 0 && dim < Math.max(1, type.shape().rank()), op, "expects dim in [0, rank), dim = " + dim, type);
    }

    static void shape(Op op, String what, TensorType type, int... dims) {
        that(
                Arrays.equals(type.shape().dims(), dims),
                op,
                "expects " + what + " of shape " + Arrays.toString(dims),
                type);
    }

    static TensorType[] one(TensorType type) {
        return new TensorType[] {type};
    }

    /// The shape that is left when `dims` (distinct, in range) are reduced.
    static Shape reduced(Op op, TensorType type, int[] dims, boolean keepDim) {
        int rank = type.shape().rank();
        boolean[] gone = new boolean[Math.max(rank, 1)];
        for (int d : dims) {
            dim(op, type, d);
            that(!gone[d], op, "expects distinct dims, dims = " + Arrays.toString(dims), type);
            gone[d] = true;
        }
        int[] kept = new int[rank];
        int n = 0;
        for (int i = 0; i < rank; i++) {
            if (!gone[i]) {
                kept[n++] = type.shape().dim(i);
            } else if (keepDim) {
                kept[n++] = 1;
            }
        }
        return Shape.of(Arrays.copyOf(kept, n));
    }
}
