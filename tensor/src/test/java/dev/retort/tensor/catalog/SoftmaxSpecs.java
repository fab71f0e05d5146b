package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.SoftmaxOp;
import java.util.List;
import java.util.function.UnaryOperator;

/// Specs of [SoftmaxOp].
final class SoftmaxSpecs {
    private SoftmaxSpecs() {}

    private interface Maker {
        SoftmaxOp of(int dim);
    }

    static List<OpSpec> all() {
        return List.of(
                forward(SoftmaxOp.Softmax::new, x -> x.softmax(-1), false),
                forward(SoftmaxOp.LogSoftmax::new, x -> x.logSoftmax(-1), true),
                backward(SoftmaxOp.SoftmaxBackward::new, SoftmaxOp.Softmax::new),
                backward(SoftmaxOp.LogSoftmaxBackward::new, SoftmaxOp.LogSoftmax::new));
    }

    private static OpSpec forward(Maker op, UnaryOperator<Tensor> method, boolean log) {
        return OpSpec.of(op.of(0).getClass())
                .sample("last", op.of(1), () -> in(Data.values(1, 3, 5)))
                .method(x -> method.apply(x[0]))
                .sample("first", op.of(0), () -> in(Data.values(2, 4, 3)))
                .sample("middle", op.of(1), () -> in(Data.values(3, 2, 4, 3)))
                .sample("one class", op.of(0), () -> in(Data.values(4, 1)))
                .special("scalar", op.of(0), () -> in(Data.values(4)))
                .special("empty rows", op.of(1), () -> in(Data.values(4, 3, 0)))
                .special("no rows", op.of(1), () -> in(Data.values(4, 0, 3)))
                .special("large logits", op.of(0), () -> in(Data.of(1000, 1001, -1000)))
                .special("masked", op.of(0), () -> in(Data.of(1, Double.NEGATIVE_INFINITY, 2)))
                .special("NaN", op.of(0), () -> in(Data.of(1, Double.NaN, 2)))
                .large("long rows", op.of(1), () -> in(Data.values(5, 5, 9_001)))
                .large("many rows", op.of(1), () -> in(Data.values(6, 5_000, 10)))
                .large("columns", op.of(0), () -> in(Data.values(6, 101, 203)))
                .reduction(100)
                .oracle((o, x) -> oracle(((SoftmaxOp) o).dim(), x[0], log))
                .error("integers", "floating dtype", op.of(0), () -> in(Data.indices(1, 5, 3)))
                .error("dim outside", "expects dim in [0, rank)", op.of(2), () -> in(Data.values(1, 2, 3)));
    }

    /// exp and sum without any shift.
    private static double[] oracle(int dim, Tensor x, boolean log) {
        double[] e = ElementwiseSpecs.map(x, Math::exp);
        int[] strides = x.shape().contiguousStrides();
        double[] y = new double[e.length];
        for (int i = 0; i < y.length; i++) {
            int first = i - i / strides[dim] % x.size(dim) * strides[dim];
            double sum = 0;
            for (int k = 0; k < x.size(dim); k++) {
                sum += e[first + k * strides[dim]];
            }
            y[i] = log ? Math.log(e[i] / sum) : e[i] / sum;
        }
        return y;
    }

    private static OpSpec backward(Maker op, Maker forward) {
        return OpSpec.of(op.of(0).getClass())
                .sample("matrix", op.of(1), () -> inputs(forward.of(1), 3, 5))
                .sample("first", op.of(0), () -> inputs(forward.of(0), 4, 3))
                .sample("vector", op.of(0), () -> inputs(forward.of(0), 7))
                .special("no rows", op.of(1), () -> inputs(forward.of(1), 0, 3))
                .large("many rows", op.of(1), () -> inputs(forward.of(1), 5_000, 10))
                .reduction(100)
                .error("shapes", "one shape", op.of(0), () -> in(Data.values(1, 3), Data.values(1, 4)));
    }

    private static Tensor[] inputs(SoftmaxOp forward, int... shape) {
        return in(Data.values(8, shape), Engine.one(forward, Data.values(9, shape)));
    }
}
