package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.MatMulOp;

/// Reference kernels of [MatMulOp]. Floating dtypes are summed in double, integers exactly in long; k
/// runs upwards.
final class MatMulReference {
    private MatMulReference() {}

    static Tensor[] run(MatMulOp op, Tensor[] in, TensorType[] out) {
        Tensor result = switch (op) {
            case MatMulOp.MatMul ignored -> matmul(in[0], in[1], out[0]);
            case MatMulOp.Linear ignored -> linear(in, out[0]);
        };
        return new Tensor[] {result};
    }

    // out[β, m, n] = Σ_k a[β, m, k] · b[β, k, n], one matrix product for each index β of the broadcast batch
    private static Tensor matmul(Tensor a, Tensor b, TensorType type) {
        Shape batch = leading(type.shape());
        int[] aIndex = batchIndex(batch, leading(a.shape()));
        int[] bIndex = batchIndex(batch, leading(b.shape()));
        int m = a.size(-2);
        int k = a.size(-1);
        int n = b.size(-1);
        if (type.dtype().isFloating()) {
            double[] x = Elements.doubles(a);
            double[] y = Elements.doubles(b);
            double[] out = new double[type.shape().numel()];
            for (int i = 0; i < aIndex.length; i++) {
                addProduct(x, aIndex[i] * m * k, y, bIndex[i] * k * n, out, i * m * n, m, k, n);
            }
            return Elements.tensor(out, type);
        }
        long[] x = Elements.longs(a);
        long[] y = Elements.longs(b);
        long[] out = new long[type.shape().numel()];
        for (int i = 0; i < aIndex.length; i++) {
            addProduct(x, aIndex[i] * m * k, y, bIndex[i] * k * n, out, i * m * n, m, k, n);
        }
        return Elements.tensor(out, type);
    }

    // out[r, o] = bias[o] + Σ_i x[r, i] · weight[o, i]
    private static Tensor linear(Tensor[] in, TensorType type) {
        int inputs = in[1].size(1);
        int outputs = in[1].size(0);
        int rows = outputs == 0 ? 0 : type.shape().numel() / outputs;
        Tensor weightT = in[1].detach().permute(1, 0); // [I, O], so that the inner loop runs along memory
        if (type.dtype().isFloating()) {
            double[] out = new double[type.shape().numel()];
            if (in.length == 3) {
                double[] bias = Elements.doubles(in[2]);
                for (int r = 0; r < rows; r++) {
                    System.arraycopy(bias, 0, out, r * outputs, outputs);
                }
            }
            addProduct(Elements.doubles(in[0]), 0, Elements.doubles(weightT), 0, out, 0, rows, inputs, outputs);
            return Elements.tensor(out, type);
        }
        long[] out = new long[type.shape().numel()];
        if (in.length == 3) {
            long[] bias = Elements.longs(in[2]);
            for (int r = 0; r < rows; r++) {
                System.arraycopy(bias, 0, out, r * outputs, outputs);
            }
        }
        addProduct(Elements.longs(in[0]), 0, Elements.longs(weightT), 0, out, 0, rows, inputs, outputs);
        return Elements.tensor(out, type);
    }

    // out[i, j] += Σ_k a[i, k] · b[k, j]; out is modified
    private static void addProduct(double[] a, int ao, double[] b, int bo, double[] out, int oo, int m, int k, int n) {
        for (int i = 0; i < m; i++) {
            int row = oo + i * n;
            for (int p = 0; p < k; p++) {
                double factor = a[ao + i * k + p];
                int from = bo + p * n;
                for (int j = 0; j < n; j++) {
                    out[row + j] += factor * b[from + j];
                }
            }
        }
    }

    // out[i, j] += Σ_k a[i, k] · b[k, j]; out is modified
    private static void addProduct(long[] a, int ao, long[] b, int bo, long[] out, int oo, int m, int k, int n) {
        for (int i = 0; i < m; i++) {
            int row = oo + i * n;
            for (int p = 0; p < k; p++) {
                long factor = a[ao + i * k + p];
                int from = bo + p * n;
                for (int j = 0; j < n; j++) {
                    out[row + j] += factor * b[from + j];
                }
            }
        }
    }

    private static Shape leading(Shape shape) {
        return shape.without(shape.rank() - 1).without(shape.rank() - 2);
    }

    /// For each index of `batch` (row-major) the matrix of the operand, whose leading shape broadcasts
    /// to `batch`.
    private static int[] batchIndex(Shape batch, Shape operand) {
        int[] index = new int[batch.numel()];
        int[] strides = operand.contiguousStrides();
        int added = batch.rank() - operand.rank();
        for (int i = 0; i < index.length; i++) {
            int rest = i;
            for (int d = batch.rank() - 1; d >= added; d--) {
                int at = rest % batch.dim(d);
                rest /= batch.dim(d);
                index[i] += operand.dim(d - added) == 1 ? 0 : at * strides[d - added];
            }
        }
        return index;
    }
}
