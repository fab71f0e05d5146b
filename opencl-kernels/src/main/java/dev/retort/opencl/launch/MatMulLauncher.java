package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.MatMulOp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/product.cl` and `kernels/tensor.cl` for matrices: [MatMulOp]. Operands are read through their
/// strides.
final class MatMulLauncher {
    private static final int BATCH_RANK = 4;
    private static final int PIECE = 16; // bytes
    private static final int PIECE_OF_SUM = 4;
    private static final int HEAD = 11; // fields before the batch

    private MatMulLauncher() {}

    static Tensor[] run(Task t, MatMulOp op) {
        return switch (op) {
            case MatMulOp.MatMul() -> Task.one(matmul(t, t.in()[0], t.in()[1]));
            case MatMulOp.Linear() -> Task.one(linear(t, t.in()[0], t.in()[1], t.in().length == 3 ? t.in()[2] : null));
        };
    }

    /// x · wᵀ + bias, all leading dimensions of x as rows.
    private static Tensor linear(Task t, Tensor x, Tensor w, @Nullable Tensor bias) {
        int inputs = w.size(1);
        int rows = t.out()[0].shape().numel() == 0 ? 0 : t.out()[0].shape().numel() / w.size(0);
        Tensor matrix = x.rank() == 2 ? x : dense(t, x, rows, inputs);
        return product(t, matrix, w.permute(1, 0), bias, Shape.SCALAR);
    }

    private static Tensor dense(Task t, Tensor x, int rows, int columns) {
        Tensor flat = t.dense(x);
        return Tensor.of(flat.storage(), flat.offset(), Shape.of(rows, columns), new int[] {columns, 1});
    }

    private static Tensor matmul(Task t, Tensor a, Tensor b) {
        return product(t, a, b, null, leading(t.out()[0].shape()));
    }

    private static Shape leading(Shape shape) {
        return shape.without(shape.rank() - 1).without(shape.rank() - 2);
    }

    /// a · b (+ bias), for each index of `batch`.
    private static Tensor product(Task t, Tensor a, Tensor b, @Nullable Tensor bias, Shape batch) {
        if (t.out()[0].shape().numel() == 0 || a.numel() == 0) { // nothing, or sums over nothing
            Tensor y = t.result(0);
            ShapeLauncher.fill(t, y, 0);
            if (bias != null) {
                ShapeLauncher.copy(t, bias, y);
            }
            return y;
        }
        int splits = bias == null && batch.numel() == 1 ? splits(t, a, b) : 1;
        if (splits > 1) {
            return inParts(t, a, b, batch, splits);
        }
        int[] fields = fields(t, a, b, bias, batch, 1);
        List<Tensor> operands = List.of(a, b, bias == null ? a : bias);
        return Product.of(t, t.out()[0], problem(a, b, batch), fields, operands).result();
    }

    /// Parts of the sum over k that are worth it: where F32 tiles of a card are too few, or too few are left over.
    private static int splits(Task t, Tensor a, Tensor b) {
        boolean quads = (long) a.size(-2) * b.size(-1) % PIECE_OF_SUM == 0;
        return quads && Product.isCopied(t.device(), a.dtype())
                ? Tile.splits(t.device(), a.size(-2), b.size(-1), a.size(-1))
                : 1;
    }

    private static Tensor inParts(Task t, Tensor a, Tensor b, Shape batch, int splits) {
        Tensor y = t.result(0);
        Tensor parts = t.fresh(y.dtype(), splits, y.numel());
        int[] fields = fields(t, a, b, null, batch, splits);
        Product.Problem problem = problem(a, b, batch).inParts(splits);
        Product.of(t, parts.type(), problem, fields, List.of(a, b, a)).compute((DeviceStorage) parts.storage());
        t.each(
                t.kernel("parts", Types.of(y.dtype()), "add_parts_of_sum")
                        .ints(y.numel(), splits)
                        .buffer(y)
                        .buffer(parts),
                y.numel() / PIECE_OF_SUM);
        ((DeviceStorage) parts.storage()).release();
        return y;
    }

    /// a · b on tensor cores, whether they are known to work or not.
    static Tensor onTensorCores(Task t, Tensor a, Tensor b, boolean pieces) {
        int[] fields = fields(t, a, b, null, Shape.SCALAR, 1);
        Product.Problem problem = problem(a, b, Shape.SCALAR);
        return Product.onTensorCores(t, t.out()[0], problem, fields, List.of(a, b, a), pieces)
                .enqueued();
    }

    /// a · b by Hopper's warpgroups, whether they are known to work or not.
    static Tensor byWarpgroups(Task t, Tensor a, Tensor b, Tile tile) {
        int[] fields = fields(t, a, b, null, Shape.SCALAR, 1);
        Product.Problem problem = problem(a, b, Shape.SCALAR);
        return Product.byWarpgroups(t, t.out()[0], problem, fields, List.of(a, b, a), tile)
                .enqueued();
    }

    private static Product.Problem problem(Tensor a, Tensor b, Shape batch) {
        boolean aAlongK = a.strides()[a.rank() - 1] == 1;
        boolean bAlongK = b.strides()[b.rank() - 2] == 1 && b.strides()[b.rank() - 1] != 1;
        return new Product.Problem(
                Tile.Use.MATMUL,
                "MATMUL",
                a.dtype(),
                a.size(-2),
                b.size(-1),
                batch.numel(),
                new Product.Operand(aAlongK, isInPieces(a, a.rank() - (aAlongK ? 1 : 2))),
                new Product.Operand(bAlongK, isInPieces(b, b.rank() - (bAlongK ? 2 : 1))));
    }

    /// Whether `x` lies in pieces of 16 bytes along dimension `d`.
    private static boolean isInPieces(Tensor x, int d) {
        int piece = PIECE / x.dtype().bytes();
        int[] strides = x.strides();
        boolean whole = strides[d] == 1 && x.size(d) % piece == 0 && x.offset() % piece == 0;
        for (int other = 0; other < strides.length; other++) {
            whole &= other == d || strides[other] % piece == 0 || x.size(other) == 1;
        }
        return whole;
    }

    private static int[] fields(Task t, Tensor a, Tensor b, @Nullable Tensor bias, Shape batch, int splits) {
        int[] as = a.strides();
        int[] bs = b.strides();
        int[] out = new int[HEAD + 2 + 3 * BATCH_RANK];
        int[] head = {
            a.size(-2),
            b.size(-1),
            a.size(-1),
            a.offset(),
            as[as.length - 2],
            as[as.length - 1],
            b.offset(),
            bs[bs.length - 2],
            bs[bs.length - 1],
            bias == null ? 0 : bias.offset(),
            bias == null ? -1 : bias.strides()[0]
        };
        System.arraycopy(head, 0, out, 0, head.length);
        Layout steps = Layout.of(t.op().name(), batch, stepping(a, batch), stepping(b, batch));
        out[HEAD] = steps.leading(BATCH_RANK, out, HEAD + 1);
        out[out.length - 1] = splits;
        return out;
    }

    /// The leading dimensions of an operand, as a window without its matrices.
    private static Tensor stepping(Tensor x, Shape batch) {
        int[] own = x.strides();
        int rank = x.rank() - 2;
        int[] strides = new int[batch.rank()];
        for (int d = 0; d < rank; d++) {
            strides[batch.rank() - rank + d] = x.size(d) == 1 ? 0 : own[d];
        }
        return Tensor.of(x.storage(), x.offset(), batch, strides);
    }
}
