package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.simd.product.Gemm;
import dev.retort.tensor.op.MatMulOp;

/// Float32 matrix products; strides go straight to the packing of [Gemm], so views are not copied.
final class FastMatMul {
    private static final int NONE = Integer.MIN_VALUE;

    private FastMatMul() {}

    static Tensor[] run(MatMulOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case MatMulOp.MatMul _ -> matmul(in[0], in[1], out[0].shape());
            case MatMulOp.Linear _ -> linear(in, out[0].shape());
        };
    }

    private static Tensor[] linear(Tensor[] in, Shape out) {
        Tensor x = in[0];
        Tensor w = in[1];
        int k = w.size(1);
        int n = w.size(0);
        int m = out.numel() / n;
        int[] xs = x.strides();
        int last = x.rank() - 1;
        float[] a = Dense.array(x);
        int ao = x.offset();
        int ars = rowStride(x, last);
        int acs = xs[last];
        if (ars == NONE) {
            Dense dense = Dense.of(x);
            a = dense.data();
            ao = dense.offset();
            ars = k;
            acs = 1;
        }
        int[] ws = w.strides();
        float[] c = Workspace.overwritten(m * n);
        if (in.length == 3) {
            Dense bias = Dense.of(in[2]);
            Gemm.multiply(
                    m,
                    n,
                    k,
                    a,
                    ao,
                    ars,
                    acs,
                    Dense.array(w),
                    w.offset(),
                    ws[1],
                    ws[0],
                    c,
                    0,
                    n,
                    bias.data(),
                    bias.offset(),
                    false);
        } else {
            Gemm.multiply(m, n, k, a, ao, ars, acs, Dense.array(w), w.offset(), ws[1], ws[0], c, 0, n);
        }
        return Dense.one(c, out);
    }

    /// The one stride that walks dimensions 0 … end − 1 in row-major order, or [#NONE].
    private static int rowStride(Tensor x, int end) {
        int[] strides = x.strides();
        int stride = NONE;
        int next = 0;
        for (int d = end - 1; d >= 0; d--) {
            if (x.size(d) == 1) {
                continue;
            }
            if (stride == NONE) {
                stride = strides[d];
            } else if (strides[d] != next) {
                return NONE;
            }
            next = strides[d] * x.size(d);
        }
        return stride == NONE ? 0 : stride;
    }

    private static Tensor[] matmul(Tensor a, Tensor b, Shape out) {
        int ra = a.rank();
        int rb = b.rank();
        int[] as = a.strides();
        int[] bs = b.strides();
        int m = a.size(ra - 2);
        int k = a.size(ra - 1);
        int n = b.size(rb - 1);
        float[] c = Workspace.overwritten(out.numel());
        int batch = out.numel() / (m * n);
        boolean oneRight = b.numel() == k * n;
        int ars = rowStride(a, ra - 1);
        if (oneRight && a.numel() == batch * m * k && ars != NONE) {
            Gemm.multiply(
                    batch * m,
                    n,
                    k,
                    Dense.array(a),
                    a.offset(),
                    ars,
                    as[ra - 1],
                    Dense.array(b),
                    b.offset(),
                    bs[rb - 2],
                    bs[rb - 1],
                    c,
                    0,
                    n);
            return Dense.one(c, out);
        }
        Gemm.multiplyBatch(
                m,
                n,
                k,
                Dense.array(a),
                offsets(a, out),
                as[ra - 2],
                as[ra - 1],
                Dense.array(b),
                offsets(b, out),
                bs[rb - 2],
                bs[rb - 1],
                c,
                0,
                m * n,
                n);
        return Dense.one(c, out);
    }

    /// Where each matrix of the broadcast batch starts in the tensor's storage.
    private static int[] offsets(Tensor x, Shape out) {
        int dims = out.rank() - 2;
        int[] strides = x.strides();
        int batch = 1;
        for (int d = 0; d < dims; d++) {
            batch *= out.dim(d);
        }
        int[] offsets = new int[batch];
        for (int i = 0; i < batch; i++) {
            int rest = i;
            int at = x.offset();
            for (int d = dims - 1; d >= 0; d--) {
                int extent = out.dim(d);
                int own = d - (out.rank() - x.rank());
                if (own >= 0 && x.size(own) != 1) {
                    at += rest % extent * strides[own];
                }
                rest /= extent;
            }
            offsets[i] = at;
        }
        return offsets;
    }
}
