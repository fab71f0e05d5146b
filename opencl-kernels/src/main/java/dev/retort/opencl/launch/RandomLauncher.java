package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.SortOp;

/// Launches `kernels/random.cl`: [RandomOp]. Draws without an input run where the engine runs them, on
/// the host.
final class RandomLauncher {
    private RandomLauncher() {}

    static Tensor[] run(Task t, RandomOp op) {
        return switch (op) {
            case RandomOp.Uniform _, RandomOp.Normal _, RandomOp.TruncatedNormal _, RandomOp.Permutation _ ->
                Task.one(Engine.one(op).to(t.device().name()));
            case RandomOp.Bernoulli o -> Task.one(bernoulli(t, o));
            case RandomOp.Multinomial o -> Task.one(multinomial(t, o));
            case RandomOp.Dropout o -> Task.one(dropout(t, o));
        };
    }

    private static Tensor bernoulli(Task t, RandomOp op) {
        Tensor p = t.dense(0);
        Tensor y = t.result(0);
        t.each(
                t.kernel("random", Types.of(p.dtype()) + "#define DROP A\n", "bernoulli")
                        .ints(p.numel(), p.offset())
                        .buffer(y)
                        .buffer(p)
                        .number(op.seed())
                        .number(op.stream())
                        .faults((value, i) -> "bernoulli: expects probabilities in [0, 1], element " + i + " is "
                                + Float.intBitsToFloat((int) value)),
                p.numel());
        return y;
    }

    /// The limit is compared in double where the device can: the same choice as on the host, bit for bit.
    private static Tensor dropout(Task t, RandomOp.Dropout op) {
        Tensor x = t.dense(0);
        Tensor y = t.result(0);
        boolean doubles = t.device().limits().doubles();
        float limit = (float) op.p() < op.p() ? Math.nextUp((float) op.p()) : (float) op.p(); // u ≥ p for floats u
        t.each(
                t.kernel(
                                "random",
                                Types.of(x.dtype()) + "#define DROP " + (doubles ? "double" : "float") + "\n",
                                "dropout")
                        .ints(x.numel(), x.offset())
                        .buffer(y)
                        .buffer(x)
                        .number(op.seed())
                        .number(op.stream())
                        .scalar(doubles ? DType.F64 : DType.F32, doubles ? op.p() : limit)
                        .scalar(x.dtype(), 1 - op.p()),
                (x.numel() + 3L) / 4);
        return y;
    }

    private static Tensor multinomial(Task t, RandomOp.Multinomial op) {
        if (!t.device().limits().doubles()) {
            // the draw is defined in double precision
            return Engine.one(op, t.in()[0].to(dev.retort.tensor.Device.CPU))
                    .to(t.device().name());
        }
        Tensor weights = t.dense(0);
        int n = weights.size(-1);
        int rows = n == 0 ? 0 : weights.numel() / n;
        check(t, op, weights, rows, n);
        return op.replacement() ? withReplacement(t, op, weights, rows, n) : without(t, op, weights, rows, n);
    }

    private static void check(Task t, RandomOp.Multinomial op, Tensor weights, int rows, int n) {
        int least = op.replacement() ? Math.min(1, op.samples()) : op.samples();
        t.each(
                t.kernel("random", variant(weights), "multinomial_check")
                        .ints(rows, n, weights.offset(), least)
                        .buffer(weights)
                        .faults((value, row) -> "multinomial: expects finite weights >= 0, row " + row + " has "
                                + Double.longBitsToDouble(value))
                        .faults((positive, row) -> positive == 0
                                ? "multinomial: expects weights that are not all zero, row " + row + " is"
                                : "multinomial: expects at least " + op.samples()
                                        + " positive weights without replacement, row " + row + " has " + positive),
                rows);
    }

    private static String variant(Tensor weights) {
        return Types.of(weights.dtype()) + "#define DROP A\n";
    }

    private static Tensor withReplacement(Task t, RandomOp.Multinomial op, Tensor weights, int rows, int n) {
        Tensor y = t.result(0);
        Tensor sums = t.fresh(DType.F64, rows, n);
        t.each(
                t.kernel("random", variant(weights), "multinomial_sums")
                        .ints(rows, n, weights.offset())
                        .buffer(weights)
                        .buffer(sums),
                rows);
        t.each(
                t.kernel("random", variant(weights), "multinomial_with")
                        .ints(rows, n, op.samples(), weights.offset())
                        .buffer(weights)
                        .buffer(sums)
                        .buffer(y)
                        .number(op.seed())
                        .number(op.stream()),
                y.numel());
        ((DeviceStorage) sums.storage()).release();
        return y;
    }

    private static Tensor without(Task t, RandomOp.Multinomial op, Tensor weights, int rows, int n) {
        Tensor finish = t.fresh(DType.F64, rows, n);
        t.each(
                t.kernel("random", variant(weights), "multinomial_race")
                        .ints(rows * n, weights.offset())
                        .buffer(weights)
                        .buffer(finish)
                        .number(op.seed())
                        .number(op.stream()),
                (long) rows * n);
        Tensor[] sorted = Engine.run(new SortOp.TopK(op.samples(), 1, false), finish);
        return sorted[1].reshape(t.out()[0].shape());
    }
}
