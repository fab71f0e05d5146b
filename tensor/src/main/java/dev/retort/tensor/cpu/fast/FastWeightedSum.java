package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.TermLoops;

/// Float32 sums of weighted tensors: a block of the result, or of the gradient, stays in the first-level
/// cache while the terms pass by.
final class FastWeightedSum {
    private static final int BLOCK = 1 << 11;
    private static final int TASK = 1 << 14;

    private FastWeightedSum() {}

    static Tensor[] forward(Tensor[] in, Shape out) {
        Dense w = Dense.of(in[0]);
        Dense[] x = terms(in, 1);
        float[] y = Workspace.overwritten(out.numel());
        Parallel.forRange(y.length, TASK, (from, to) -> {
            for (int at = from; at < to; at += BLOCK) {
                int n = Math.min(BLOCK, to - at);
                for (int i = 0; i < x.length; i++) {
                    float weight = w.data()[w.offset() + i];
                    if (i == 0) {
                        TermLoops.scale(weight, x[i].data(), x[i].offset() + at, y, at, n);
                    } else {
                        TermLoops.addScaled(weight, x[i].data(), x[i].offset() + at, y, at, n);
                    }
                }
            }
        });
        return Dense.one(y, out);
    }

    /// The dot products of a block are floats, of all blocks together doubles in their order: the same bits
    /// at any number of threads.
    static Tensor[] backward(Tensor[] in) {
        Dense g = Dense.of(in[0]);
        Dense w = Dense.of(in[1]);
        Dense[] x = terms(in, 2);
        int numel = in[0].numel();
        int blocks = Math.ceilDiv(numel, BLOCK);
        float[][] dx = new float[x.length][];
        for (int i = 0; i < x.length; i++) {
            dx[i] = Workspace.overwritten(numel);
        }
        float[] dots = new float[blocks * x.length];
        Parallel.forRange(blocks, TASK / BLOCK, (from, to) -> {
            for (int block = from; block < to; block++) {
                int at = block * BLOCK;
                int n = Math.min(BLOCK, numel - at);
                for (int i = 0; i < x.length; i++) {
                    dots[i * blocks + block] = TermLoops.scaleAndDot(
                            w.data()[w.offset() + i],
                            g.data(),
                            g.offset() + at,
                            x[i].data(),
                            x[i].offset() + at,
                            dx[i],
                            at,
                            n);
                }
            }
        });
        Tensor[] gradients = new Tensor[x.length + 1];
        float[] dw = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            double sum = 0;
            for (int block = 0; block < blocks; block++) {
                sum += dots[i * blocks + block];
            }
            dw[i] = (float) sum;
            gradients[i + 1] = Dense.tensor(dx[i], in[i + 2].shape());
        }
        gradients[0] = Dense.tensor(dw, in[1].shape());
        return gradients;
    }

    private static Dense[] terms(Tensor[] in, int from) {
        Dense[] x = new Dense[in.length - from];
        for (int i = 0; i < x.length; i++) {
            x[i] = Dense.of(in[from + i]);
        }
        return x;
    }
}
