package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.MatMulOp;
import java.util.List;

/// Specs of [MatMulOp].
final class MatMulSpecs {
    private MatMulSpecs() {}

    static List<OpSpec> all() {
        return List.of(matMul(), linear());
    }

    private static OpSpec matMul() {
        MatMulOp op = new MatMulOp.MatMul();
        return OpSpec.of(MatMulOp.MatMul.class)
                .sample("matrices", op, () -> in(Data.values(1, 3, 5), Data.values(2, 5, 4)))
                .method(x -> x[0].matmul(x[1]))
                .sample(
                        "transposed",
                        op,
                        () -> in(Data.values(1, 5, 3).t(), Data.values(2, 4, 5).t()))
                .sample("batched", op, () -> in(Data.values(1, 2, 3, 4), Data.values(2, 2, 4, 2)))
                .sample("broadcast batch", op, () -> in(Data.values(1, 2, 1, 2, 3), Data.values(2, 3, 3, 2)))
                .sample("one matrix for all", op, () -> in(Data.values(1, 3, 2, 4), Data.values(2, 4, 3)))
                .sample("row by matrix", op, () -> in(Data.values(1, 1, 7), Data.values(2, 7, 5)))
                .sample("matrix by column", op, () -> in(Data.values(1, 5, 7), Data.values(2, 7, 1)))
                .sample("outer", op, () -> in(Data.values(1, 3, 1), Data.values(2, 1, 4)))
                .special("empty result", op, () -> in(Data.values(1, 0, 5), Data.values(2, 5, 4)))
                .special("over nothing", op, () -> in(Data.values(1, 3, 0), Data.values(2, 0, 4)))
                .special(
                        "NaN times zero",
                        op,
                        () -> in(
                                Data.of(Double.NaN, 1).reshape(1, 2),
                                Data.of(0, 2).reshape(2, 1)))
                .special("integers", op, () -> in(Data.indices(1, 9, 3, 5), Data.indices(2, 9, 5, 4)))
                .special(
                        "beyond 2^53",
                        op,
                        () -> in(Tensor.of(new long[] {(1L << 53) + 1, 1}, 1, 2), Tensor.of(new long[] {1, 1}, 2, 1)))
                .large("square", op, () -> in(Data.values(1, 130, 129), Data.values(2, 129, 131)))
                .large("tall transposed", op, () -> in(Data.values(1, 70, 300).t(), Data.values(2, 70, 33)))
                .large("batch", op, () -> in(Data.values(1, 9, 33, 65), Data.values(2, 9, 65, 17)))
                .large("row", op, () -> in(Data.values(1, 1, 513), Data.values(2, 513, 257)))
                .reduction(513)
                .oracle((o, x) -> x[0].rank() == 2 && x[1].rank() == 2
                        ? product(x[0], x[1])
                        : x[0].unsqueeze(-1).mul(x[1].unsqueeze(-3)).sum(-2).toDoubles())
                .error("inner extents", "one K", op, () -> in(Data.values(1, 2, 3), Data.values(2, 4, 2)))
                .error("vector", "ranks of at least 2", op, () -> in(Data.values(1, 3), Data.values(2, 3, 2)))
                .error(
                        "batches",
                        "batch dimensions must broadcast",
                        op,
                        () -> in(Data.values(1, 2, 2, 3), Data.values(2, 3, 3, 2)))
                .error("scalar", "ranks of at least 1", () -> Data.of(1).matmul(Data.values(1)))
                .error(
                        "dtypes",
                        "one dtype",
                        op,
                        () -> in(Data.values(1, 2, 3), Data.values(2, 3, 2).to(DType.F32)));
    }

    private static double[] product(Tensor a, Tensor b) {
        double[] y = new double[a.size(0) * b.size(1)];
        for (int i = 0; i < a.size(0); i++) {
            for (int j = 0; j < b.size(1); j++) {
                for (int k = 0; k < a.size(1); k++) {
                    y[i * b.size(1) + j] += a.get(i, k) * b.get(k, j);
                }
            }
        }
        return y;
    }

    private static OpSpec linear() {
        MatMulOp op = new MatMulOp.Linear();
        return OpSpec.of(MatMulOp.Linear.class)
                .sample("with bias", op, () -> in(Data.values(1, 3, 5), Data.values(2, 4, 5), Data.values(3, 4)))
                .method(x -> x[0].linear(x[1], x[2]))
                .sample("without bias", op, () -> in(Data.values(1, 3, 5), Data.values(2, 4, 5)))
                .method(x -> x[0].linear(x[1], null))
                .sample("vector", op, () -> in(Data.values(1, 5), Data.values(2, 4, 5), Data.values(3, 4)))
                .sample("sequence", op, () -> in(Data.values(1, 2, 3, 5), Data.values(2, 4, 5), Data.values(3, 4)))
                .special("no rows", op, () -> in(Data.values(1, 0, 5), Data.values(2, 4, 5), Data.values(3, 4)))
                .special("no features", op, () -> in(Data.values(1, 3, 0), Data.values(2, 4, 0), Data.values(3, 4)))
                .large("batch", op, () -> in(Data.values(1, 64, 257), Data.values(2, 129, 257), Data.values(3, 129)))
                .reduction(257)
                .error("features", "one I", op, () -> in(Data.values(1, 3, 5), Data.values(2, 4, 6)))
                .error(
                        "bias",
                        "bias of shape [4]",
                        op,
                        () -> in(Data.values(1, 3, 5), Data.values(2, 4, 5), Data.values(3, 5)))
                .error("weight rank", "expects rank 2", op, () -> in(Data.values(1, 5), Data.values(2, 5)));
    }
}
