package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ConvOp;
import java.util.Arrays;

/// Reference kernels of [ConvOp]: the three partial derivatives of
/// F(x, w, g) = Σ g[n,o,i,j] · x[n, c, i·s − pad + p·d, j·s − pad + q·d] · w[o,c,p,q],
/// as loops over kernel taps (o, c, p, q) around loops over the result positions (i, j) that a tap meets.
final class ConvReference {
    private ConvReference() {}

    static Tensor[] run(ConvOp op, Tensor[] in, TensorType[] out) {
        Shape result = out[0].shape();
        double[] data = switch (op) {
            case ConvOp.Conv2d o -> forward(Extents.of(o.geometry(), in[0].shape(), in[1].shape(), result), in);
            case ConvOp.Conv2dInputGrad o ->
                inputGrad(Extents.of(o.geometry(), result, in[1].shape(), in[0].shape()), in);
            case ConvOp.Conv2dWeightGrad o ->
                weightGrad(Extents.of(o.geometry(), in[1].shape(), result, in[0].shape()), in);
        };
        return new Tensor[] {Elements.tensor(data, out[0])};
    }

    // out[n,o,i,j] = bias[o] + Σ_{c,p,q} x[n, c, i·s − pad + p·d, j·s − pad + q·d] · w[o,c,p,q]
    private static double[] forward(Extents e, Tensor[] in) {
        double[] x = Elements.doubles(in[0]);
        double[] w = Elements.doubles(in[1]);
        double[] out = new double[e.batch * e.outChannels * e.outPlane()];
        if (in.length == 3) {
            double[] bias = Elements.doubles(in[2]);
            for (int plane = 0; plane < e.batch * e.outChannels; plane++) {
                Arrays.fill(out, plane * e.outPlane(), (plane + 1) * e.outPlane(), bias[plane % e.outChannels]);
            }
        }
        for (int n = 0; n < e.batch; n++) {
            for (int o = 0; o < e.outChannels; o++) {
                for (int c = 0; c < e.groupChannels; c++) {
                    for (int tap = 0; tap < e.taps(); tap++) {
                        forwardTap(e, x, e.inStart(n, o, c), w[e.weight(o, c, tap)], tap, out, e.outStart(n, o));
                    }
                }
            }
        }
        return out;
    }

    private static void forwardTap(Extents e, double[] x, int xo, double weight, int tap, double[] out, int oo) {
        int up = e.rowShift(tap);
        int left = e.colShift(tap);
        int jEnd = e.endCol(left);
        for (int i = e.firstRow(up); i < e.endRow(up); i++) {
            int from = xo + (i * e.g.strideH() + up) * e.width + left;
            int to = oo + i * e.outWidth;
            for (int j = e.firstCol(left); j < jEnd; j++) {
                out[to + j] += weight * x[from + j * e.g.strideW()];
            }
        }
    }

    // dx[n, c, i·s − pad + p·d, j·s − pad + q·d] += g[n,o,i,j] · w[o,c,p,q]
    private static double[] inputGrad(Extents e, Tensor[] in) {
        double[] gradOut = Elements.doubles(in[0]);
        double[] w = Elements.doubles(in[1]);
        double[] dx = new double[e.batch * e.channels * e.height * e.width];
        for (int n = 0; n < e.batch; n++) {
            for (int o = 0; o < e.outChannels; o++) {
                for (int c = 0; c < e.groupChannels; c++) {
                    for (int tap = 0; tap < e.taps(); tap++) {
                        inputTap(e, gradOut, e.outStart(n, o), w[e.weight(o, c, tap)], tap, dx, e.inStart(n, o, c));
                    }
                }
            }
        }
        return dx;
    }

    private static void inputTap(Extents e, double[] gradOut, int oo, double weight, int tap, double[] dx, int xo) {
        int up = e.rowShift(tap);
        int left = e.colShift(tap);
        int jEnd = e.endCol(left);
        for (int i = e.firstRow(up); i < e.endRow(up); i++) {
            int to = xo + (i * e.g.strideH() + up) * e.width + left;
            int from = oo + i * e.outWidth;
            for (int j = e.firstCol(left); j < jEnd; j++) {
                dx[to + j * e.g.strideW()] += weight * gradOut[from + j];
            }
        }
    }

    // dw[o,c,p,q] = Σ_{n,i,j} g[n,o,i,j] · x[n, c, i·s − pad + p·d, j·s − pad + q·d]
    private static double[] weightGrad(Extents e, Tensor[] in) {
        double[] gradOut = Elements.doubles(in[0]);
        double[] x = Elements.doubles(in[1]);
        double[] dw = new double[e.outChannels * e.groupChannels * e.taps()];
        for (int n = 0; n < e.batch; n++) {
            for (int o = 0; o < e.outChannels; o++) {
                for (int c = 0; c < e.groupChannels; c++) {
                    for (int tap = 0; tap < e.taps(); tap++) {
                        dw[e.weight(o, c, tap)] += weightTap(e, gradOut, e.outStart(n, o), x, e.inStart(n, o, c), tap);
                    }
                }
            }
        }
        return dw;
    }

    private static double weightTap(Extents e, double[] gradOut, int oo, double[] x, int xo, int tap) {
        int up = e.rowShift(tap);
        int left = e.colShift(tap);
        int jEnd = e.endCol(left);
        double sum = 0;
        for (int i = e.firstRow(up); i < e.endRow(up); i++) {
            int from = xo + (i * e.g.strideH() + up) * e.width + left;
            int at = oo + i * e.outWidth;
            for (int j = e.firstCol(left); j < jEnd; j++) {
                sum += gradOut[at + j] * x[from + j * e.g.strideW()];
            }
        }
        return sum;
    }

    /// Sizes of x [batch, channels, height, width], w [outChannels, groupChannels, kernelH, kernelW] and
    /// g [batch, outChannels, outHeight, outWidth]. A tap is p · kernelW + q.
    private record Extents(
            ConvOp.Geometry g,
            int batch,
            int channels,
            int height,
            int width,
            int outChannels,
            int groupChannels,
            int kernelH,
            int kernelW,
            int outHeight,
            int outWidth) {
        static Extents of(ConvOp.Geometry g, Shape x, Shape w, Shape out) {
            return new Extents(
                    g,
                    x.dim(0),
                    x.dim(1),
                    x.dim(2),
                    x.dim(3),
                    w.dim(0),
                    w.dim(1),
                    w.dim(2),
                    w.dim(3),
                    out.dim(2),
                    out.dim(3));
        }

        int taps() {
            return kernelH * kernelW;
        }

        int outPlane() {
            return outHeight * outWidth;
        }

        int outStart(int n, int o) {
            return (n * outChannels + o) * outPlane();
        }

        /// Start of the plane of x that channel c of the weight of result channel o sees.
        int inStart(int n, int o, int c) {
            int group = o / (outChannels / g.groups());
            return (n * channels + group * groupChannels + c) * height * width;
        }

        int weight(int o, int c, int tap) {
            return (o * groupChannels + c) * taps() + tap;
        }

        /// Row of x that this tap meets at result row 0, negative in the padding.
        int rowShift(int tap) {
            return tap / kernelW * g.dilationH() - g.paddingH();
        }

        /// Column of x that this tap meets at result column 0.
        int colShift(int tap) {
            return tap % kernelW * g.dilationW() - g.paddingW();
        }

        int firstRow(int shift) {
            return first(shift, g.strideH());
        }

        int firstCol(int shift) {
            return first(shift, g.strideW());
        }

        int endRow(int shift) {
            return end(shift, g.strideH(), height, outHeight);
        }

        int endCol(int shift) {
            return end(shift, g.strideW(), width, outWidth);
        }

        /// Smallest i >= 0 with i · stride + shift >= 0.
        private static int first(int shift, int stride) {
            return shift >= 0 ? 0 : (stride - 1 - shift) / stride;
        }

        /// Smallest i with i · stride + shift >= size, at most `limit`.
        private static int end(int shift, int stride, int size, int limit) {
            return shift >= size ? 0 : Math.min(limit, (size - shift + stride - 1) / stride);
        }
    }
}
