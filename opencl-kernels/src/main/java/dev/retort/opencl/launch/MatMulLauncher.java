package dev.retort.opencl.launch;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.MatMulOp;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/product.cl` for matrices: [MatMulOp]. Operands are read through their strides.
final class MatMulLauncher {
    private static final int BATCH_RANK = 4;

    private MatMulLauncher() {}

    static Tensor[] run(Task t, MatMulOp op) {
        return switch (op) {
            case MatMulOp.MatMul() -> Task.one(matmul(t, t.in()[0], t.in()[1]));
            case MatMulOp.Linear() -> Task.one(linear(t, t.in()[0], t.in()[1], t.in().length == 3 ? t.in()[2] : null));
        };
    }

    /// x · wᵀ + bias, all leading dimensions of x as rows.
    static Tensor linear(Task t, Tensor x, Tensor w, @Nullable Tensor bias) {
        Tensor y = t.result(0);
        int inputs = w.size(1);
        int rows = y.numel() == 0 ? 0 : y.numel() / w.size(0);
        Tensor matrix = x.rank() == 2 ? x : dense(t, x, rows, inputs);
        product(t, matrix, w.permute(1, 0), bias, y, Shape.SCALAR);
        return y;
    }

    private static Tensor dense(Task t, Tensor x, int rows, int columns) {
        Tensor flat = t.dense(x);
        return Tensor.of(flat.storage(), flat.offset(), Shape.of(rows, columns), new int[] {columns, 1});
    }

    private static Tensor matmul(Task t, Tensor a, Tensor b) {
        Tensor y = t.result(0);
        Shape batch = leading(y.shape());
        product(t, a, b, null, y, batch);
        return y;
    }

    private static Shape leading(Shape shape) {
        return shape.without(shape.rank() - 1).without(shape.rank() - 2);
    }

    /// y ← a · b (+ bias), for each index of `batch`.
    private static void product(Task t, Tensor a, Tensor b, @Nullable Tensor bias, Tensor y, Shape batch) {
        if (y.numel() == 0) {
            return;
        }
        if (a.numel() == 0) { // sums over nothing
            ShapeLauncher.fill(t, y, 0);
            if (bias != null) {
                ShapeLauncher.copy(t, bias, y);
            }
            return;
        }
        int m = a.size(-2);
        int n = b.size(-1);
        Tile tile = Tile.of(t.device(), Tile.Use.MATMUL, y.dtype(), m, n, batch.numel());
        int[] fields = fields(t, a, b, bias, batch);
        String variant = Types.of(y.dtype()) + "#define MATMUL 1\n" + tile.definitions();
        t.kernel("product", variant, "product")
                .struct(fields)
                .buffer(y)
                .buffer(a)
                .buffer(b)
                .buffer(bias == null ? y : bias)
                .buffer(y)
                .run(
                        new long[] {
                            (long) (n + tile.tn() - 1) / tile.tn() * tile.groupX(),
                            (long) (m + tile.tm() - 1) / tile.tm() * tile.groupY(),
                            batch.numel()
                        },
                        tile.groupX(),
                        tile.groupY(),
                        1);
    }

    private static int[] fields(Task t, Tensor a, Tensor b, @Nullable Tensor bias, Shape batch) {
        int[] as = a.strides();
        int[] bs = b.strides();
        int[] out = new int[14 + 3 * BATCH_RANK];
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
            bias == null ? -1 : bias.strides()[0],
            0,
            -1
        };
        System.arraycopy(head, 0, out, 0, head.length);
        Layout steps = Layout.of(t.op().name(), batch, stepping(a, batch), stepping(b, batch));
        out[13] = steps.leading(BATCH_RANK, out, 14);
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
