package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Faults;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.LinalgOp;

/// Launches `kernels/linalg.cl`: [LinalgOp]. One work-group a matrix, in `F64` where the device has it.
final class LinalgLauncher {
    private static final int LANES = 64;

    private LinalgLauncher() {}

    static Tensor[] run(Task t, LinalgOp op) {
        DType arithmetic = t.device().limits().doubles() ? DType.F64 : DType.F32;
        if (t.in()[0].dtype() != arithmetic) {
            Tensor[] wide = new Tensor[t.in().length];
            TensorType[] types = new TensorType[t.out().length];
            for (int i = 0; i < wide.length; i++) {
                wide[i] = t.in()[i].to(arithmetic);
            }
            for (int i = 0; i < types.length; i++) {
                types[i] = t.out()[i].dtype().isFloating() ? t.out()[i].with(arithmetic) : t.out()[i];
            }
            Tensor[] results = run(new Task(t.device(), op, wide, types), op);
            for (int i = 0; i < results.length; i++) {
                results[i] = results[i].to(t.out()[i].dtype());
            }
            return results;
        }
        return switch (op) {
            case LinalgOp.Cholesky _ -> Task.one(cholesky(t));
            case LinalgOp.TriangularSolve o -> Task.one(triangularSolve(t, o));
            case LinalgOp.Lu _, LinalgOp.Solve _, LinalgOp.Det _, LinalgOp.SlogDet _ -> LuLauncher.run(t, op);
            case LinalgOp.Qr _ -> qr(t);
            case LinalgOp.Pinv pinv -> t.composite(pinv);
            case LinalgOp.Eigh _ -> eigh(t);
            case LinalgOp.Svd _ -> svd(t);
        };
    }

    static Launch kernel(Task t, String name) {
        return t.kernel("linalg", Types.of(t.in()[0].dtype()), name);
    }

    static void eachMatrix(Task t, Launch launch, int matrices) {
        int lanes = Math.min(LANES, Integer.highestOneBit(t.device().limits().groupSize()));
        launch.run((long) matrices * lanes, lanes);
    }

    static int matrices(Tensor x, int size) {
        return size == 0 ? 0 : x.numel() / size;
    }

    private static double value(Task t, long bits) {
        return t.in()[0].dtype() == DType.F64 ? Double.longBitsToDouble(bits) : Float.intBitsToFloat((int) bits);
    }

    private static Tensor cholesky(Task t) {
        int n = t.in()[0].size(-1);
        Tensor l = ShapeLauncher.copied(t, t.in()[0]);
        TensorType type = t.in()[0].type();
        Faults.Report report = (bits, at) -> "cholesky: expects positive definite matrices, got pivot " + at % n
                + " of matrix " + at / n + " = " + value(t, bits) + " in " + type;
        eachMatrix(t, kernel(t, "cholesky").ints(n).buffer(l).faults(report), matrices(l, n * n));
        return l;
    }

    private static Tensor triangularSolve(Task t, LinalgOp.TriangularSolve op) {
        Tensor a = fromStart(t, t.in()[0]);
        Tensor x = ShapeLauncher.copied(t, t.in()[1]);
        int n = a.size(-1);
        int count = matrices(a, n * n);
        t.each(
                kernel(t, "triangular_solve")
                        .ints(count, n, x.size(-1), op.upper() ? 1 : 0, op.unitTriangular() ? 1 : 0)
                        .buffer(a)
                        .buffer(x),
                (long) count * x.size(-1));
        return x;
    }

    /// Row-major from the start of its buffer: itself, or a copy.
    private static Tensor fromStart(Task t, Tensor x) {
        return x.isContiguous() && x.offset() == 0 ? x : ShapeLauncher.copied(t, x);
    }

    private static void checkFinite(Task t, Tensor a, int size) {
        String name = t.op().name();
        t.each(
                kernel(t, "check_finite")
                        .ints(a.numel(), Math.max(1, size))
                        .buffer(a)
                        .faults((bits, matrix) ->
                                name + ": expects finite elements, got " + value(t, bits) + " in matrix " + matrix),
                a.numel());
    }

    private static Tensor[] qr(Task t) {
        Tensor a = ShapeLauncher.copied(t, t.in()[0]);
        int m = a.size(-2);
        int n = a.size(-1);
        int k = Math.min(m, n);
        Tensor q = t.result(0);
        int count = matrices(a, m * n);
        Tensor scales = t.fresh(a.dtype(), count, k);
        eachMatrix(t, kernel(t, "qr").ints(m, n).buffer(a).buffer(scales).buffer(q), count);
        return new Tensor[] {q, a.narrow(-2, 0, k).triu(0)};
    }

    private static Tensor[] eigh(Task t) {
        Tensor lower = t.in()[0].tril(0);
        int n = lower.size(-1);
        checkFinite(t, lower, n * n);
        Tensor scale = scale(lower);
        Tensor a = fromStart(t, lower.div(scale));
        Tensor values = t.result(0);
        Tensor vectors = t.result(1);
        eachMatrix(
                t,
                kernel(t, "eigh")
                        .ints(n)
                        .buffer(a)
                        .buffer(t.fresh(a.type()))
                        .buffer(t.fresh(a.type()))
                        .buffer(t.fresh(DType.I32, values.shape().dims()))
                        .buffer(values)
                        .buffer(vectors),
                matrices(a, n * n));
        return new Tensor[] {values.mul(scale.reshape(scale(values.shape()))), vectors};
    }

    private static Tensor[] svd(Task t) {
        Tensor a = fromStart(t, t.in()[0]);
        int m = a.size(-2);
        int n = a.size(-1);
        int count = Math.min(m, n);
        int length = Math.max(m, n);
        int matrices = matrices(a, m * n);
        checkFinite(t, a, m * n);
        Tensor scale = scale(a);
        Tensor columns = a.div(scale);
        columns = ShapeLauncher.copied(t, m >= n ? columns.transpose(-1, -2) : columns); // columns (rows) are rows
        Tensor turns = t.fresh(a.dtype(), matrices, count, count);
        Tensor lengths = t.fresh(a.dtype(), matrices, count);
        Tensor order = t.fresh(DType.I32, matrices, count);
        eachMatrix(
                t,
                kernel(t, "svd_rotate")
                        .ints(length, count)
                        .buffer(columns)
                        .buffer(turns)
                        .buffer(lengths)
                        .buffer(order),
                matrices);
        Tensor[] out = {t.result(0), t.result(1), t.result(2)};
        t.each(
                kernel(t, "svd_finish")
                        .ints(matrices, m, n)
                        .buffer(columns)
                        .buffer(turns)
                        .buffer(lengths)
                        .buffer(order)
                        .buffer(t.fresh(columns.type()))
                        .buffer(out[0])
                        .buffer(out[1])
                        .buffer(out[2]),
                matrices);
        return new Tensor[] {out[0], out[1].mul(scale.reshape(scale(out[1].shape()))), out[2]};
    }

    /// The largest element of each matrix (1 where all are zero), so that squares do not overflow.
    private static Tensor scale(Tensor a) {
        if (a.numel() == 0) {
            return a.narrow(-1, 0, Math.min(1, a.size(-1))).narrow(-2, 0, Math.min(1, a.size(-2)));
        }
        Tensor largest = a.abs().amax(true, -2, -1);
        return largest.maskedFill(largest.eq(0), 1);
    }

    /// The shape of singular values with their number replaced by 1 (or 0 where there are none).
    private static Shape scale(Shape values) {
        int rank = values.rank();
        return values.numel() == 0 ? values : values.with(rank - 1, 1);
    }
}
