package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;

/// Two-dimensional cross-correlations and their adjoints, NCHW. One-dimensional convolution is the case
/// H = 1.
///
/// The three ops are the three partial derivatives of one trilinear form, so each one's gradients are the
/// other two and every order of differentiation is covered. Transposed convolution is [Conv2dInputGrad]
/// plus a bias.
public sealed interface ConvOp extends Op {
    /// How the kernel moves over the input.
    Geometry geometry();

    /// Stride, zero padding and dilation (rows, columns) and the number of channel groups.
    record Geometry(int strideH, int strideW, int paddingH, int paddingW, int dilationH, int dilationW, int groups) {
        /// Checks the ranges.
        ///
        /// @throws OpException if a stride, dilation or group count is below 1 or a padding is negative
        public Geometry {
            if (strideH < 1
                    || strideW < 1
                    || dilationH < 1
                    || dilationW < 1
                    || groups < 1
                    || paddingH < 0
                    || paddingW < 0) {
                throw new OpException("conv2d: expects stride, dilation and groups >= 1 and padding >= 0, got stride ["
                        + strideH + ", " + strideW + "], padding [" + paddingH + ", " + paddingW + "], dilation ["
                        + dilationH + ", " + dilationW + "], groups " + groups);
            }
        }

        /// The same stride and padding in both directions, no dilation, one group.
        public static Geometry of(int stride, int padding) {
            return of(stride, padding, 1, 1);
        }

        /// The same stride, padding and dilation in both directions.
        public static Geometry of(int stride, int padding, int dilation, int groups) {
            return new Geometry(stride, stride, padding, padding, dilation, dilation, groups);
        }

        /// Output rows for an input of `height` and a kernel of `kernelH` rows: ⌊(H + 2p − d(k − 1) −
        /// 1)/s⌋ + 1.
        public int outH(int height, int kernelH) {
            return extent(height + 2L * paddingH - (long) dilationH * (kernelH - 1) - 1, strideH);
        }

        /// Output columns for an input of `width` and a kernel of `kernelW` columns.
        public int outW(int width, int kernelW) {
            return extent(width + 2L * paddingW - (long) dilationW * (kernelW - 1) - 1, strideW);
        }

        private static int extent(long room, int stride) {
            return room < 0
                    ? 0
                    : (int) Math.min(Integer.MAX_VALUE, room / stride + 1); // a shape that large is an error
        }
    }

    /// Output shape [N, O, OH, OW] of input [N, C, H, W] and weight [O, C/groups, KH, KW], or the shape
    /// error.
    private static Shape outShape(ConvOp op, Shape x, Shape w, TensorType... got) {
        Geometry g = op.geometry();
        Check.that(
                x.rank() == 4 && w.rank() == 4, op, "expects input [N, C, H, W] and weight [O, C/groups, KH, KW]", got);
        Check.that(
                (long) w.dim(1) * g.groups() == x.dim(1),
                op,
                "weight expects " + (long) w.dim(1) * g.groups() + " input channels (groups = " + g.groups()
                        + "), input has " + x.dim(1),
                got);
        Check.that(
                w.dim(0) % g.groups() == 0,
                op,
                "expects output channels divisible by groups = " + g.groups() + ", weight has " + w.dim(0),
                got);
        int oh = g.outH(x.dim(2), w.dim(2));
        int ow = g.outW(x.dim(3), w.dim(3));
        Check.that(
                oh > 0 && ow > 0 && w.dim(2) > 0 && w.dim(3) > 0,
                op,
                "expects a kernel that fits into the padded input (" + (x.dim(2) + 2 * g.paddingH()) + " x "
                        + (x.dim(3) + 2 * g.paddingW()) + ", dilation [" + g.dilationH() + ", " + g.dilationW() + "])",
                got);
        return Shape.of(x.dim(0), w.dim(0), oh, ow);
    }

    /// Inputs (x `[N, C, H, W]`, weight `[O, C/groups, KH, KW]`, optional bias `[O]`):
    /// `out[n,o,i,j] = bias[o] + Σ_{c,p,q} x[n, c, i·s − pad + p·d, j·s − pad + q·d] · weight[o,c,p,q]`.
    record Conv2d(Geometry geometry) implements ConvOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2, 3);
            Check.sameDType(this, in);
            Check.floating(this, in[0]);
            Shape out = outShape(this, in[0].shape(), in[1].shape(), in);
            if (in.length == 3) {
                Check.shape(this, "bias", in[2], out.dim(1));
            }
            return one(in[0].with(out));
        }
    }

    /// Adjoint in the input: inputs (gradOut [N, O, OH, OW], weight), result [N, C, H, W] = [N, C,
    /// height, width].
    record Conv2dInputGrad(Geometry geometry, int height, int width) implements ConvOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            Check.floating(this, in[0]);
            Check.rank(this, in[0], 4);
            Check.rank(this, in[1], 4);
            Shape x = Shape.of(in[0].shape().dim(0), in[1].shape().dim(1) * geometry.groups(), height, width);
            Shape out = outShape(this, x, in[1].shape(), in);
            Check.that(out.equals(in[0].shape()), this, "expects gradOut of shape " + out, in);
            return one(in[0].with(x));
        }
    }

    /// Adjoint in the weight: inputs (gradOut [N, O, OH, OW], x [N, C, H, W]), result [O, C/groups,
    /// kernelH, kernelW].
    record Conv2dWeightGrad(Geometry geometry, int kernelH, int kernelW) implements ConvOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.sameDType(this, in);
            Check.floating(this, in[0]);
            Check.rank(this, in[0], 4);
            Check.rank(this, in[1], 4);
            Shape w = Shape.of(in[0].shape().dim(1), in[1].shape().dim(1) / geometry.groups(), kernelH, kernelW);
            Shape out = outShape(this, in[1].shape(), w, in);
            Check.that(out.equals(in[0].shape()), this, "expects gradOut of shape " + out, in);
            return one(in[0].with(w));
        }
    }
}
