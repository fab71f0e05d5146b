package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;

/// Resizing of the last two dimensions of NCHW maps.
public sealed interface ResampleOp extends Op {
    /// How a result pixel is made.
    enum Mode {
        /// The input pixel ⌊i · H/outH⌋.
        NEAREST,
        /// Linear interpolation between the four neighbours.
        BILINEAR
    }

    /// How a result pixel is made.
    Mode mode();

    /// Whether the centres of the corner pixels, not their outer corners, stay in place.
    boolean alignCorners();

    private static TensorType resized(ResampleOp op, TensorType[] in, int h, int w) {
        Check.arity(op, in, 1);
        Check.that(
                !op.alignCorners() || op.mode() == Mode.BILINEAR,
                op,
                "expects alignCorners with mode BILINEAR only, mode = " + op.mode(),
                in);
        Check.floating(op, in[0]);
        Check.rank(op, in[0], 4);
        Check.that(
                h > 0 && w > 0 && in[0].shape().dim(2) > 0 && in[0].shape().dim(3) > 0,
                op,
                "expects positive extents, result " + h + " x " + w,
                in);
        return in[0].with(Shape.of(in[0].shape().dim(0), in[0].shape().dim(1), h, w));
    }

    /// Input [N, C, H, W], result [N, C, outH, outW]. Source coordinate of result row i: (i + ½)·H/outH −
    /// ½ clamped at 0, or i·(H − 1)/(outH − 1) with `alignCorners` (bilinear only).
    record Interpolate(int outH, int outW, Mode mode, boolean alignCorners) implements ResampleOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return one(resized(this, in, outH, outW));
        }
    }

    /// Adjoint of [Interpolate]: input gradOut [N, C, outH, outW], result [N, C, height, width].
    record InterpolateBackward(int height, int width, Mode mode, boolean alignCorners) implements ResampleOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return one(resized(this, in, height, width));
        }
    }
}
