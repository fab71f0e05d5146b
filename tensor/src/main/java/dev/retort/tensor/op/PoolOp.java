package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.TensorType;
import org.jspecify.annotations.Nullable;

/// Pooling over windows of the last two dimensions, NCHW.
public sealed interface PoolOp extends Op {
    /// Window extent, stride, zero padding (rows, columns) and whether a partial last window counts.
    record Window(int kernelH, int kernelW, int strideH, int strideW, int paddingH, int paddingW, boolean ceilMode) {
        /// Checks the ranges.
        ///
        /// @throws OpException if kernel or stride is below 1, or padding is negative or more than half
        ///                     the kernel
        public Window {
            if (kernelH < 1
                    || kernelW < 1
                    || strideH < 1
                    || strideW < 1
                    || paddingH < 0
                    || paddingW < 0
                    || paddingH > kernelH / 2
                    || paddingW > kernelW / 2) {
                throw new OpException("pool: expects kernel and stride >= 1 and 0 <= padding <= kernel/2, got kernel ["
                        + kernelH + ", " + kernelW + "], stride [" + strideH + ", " + strideW + "], padding ["
                        + paddingH + ", " + paddingW + "]");
            }
        }

        /// A square window.
        public static Window of(int kernel, int stride, int padding) {
            return new Window(kernel, kernel, stride, stride, padding, padding, false);
        }

        /// Output rows for `height` input rows; with ceilMode the last window must start inside input or
        /// left padding.
        public int outH(int height) {
            return extent(height, kernelH, strideH, paddingH);
        }

        /// Output columns for `width` input columns.
        public int outW(int width) {
            return extent(width, kernelW, strideW, paddingW);
        }

        private int extent(int size, int kernel, int stride, int padding) {
            long room = size + 2L * padding - kernel + (ceilMode ? stride - 1 : 0);
            long out = room < 0 ? 0 : room / stride + 1;
            return Math.toIntExact(ceilMode && (out - 1) * stride >= (long) size + padding ? out - 1 : out);
        }
    }

    private static TensorType windowed(PoolOp op, TensorType x, Window window) {
        Check.rank(op, x, 4);
        int oh = window.outH(x.shape().dim(2));
        int ow = window.outW(x.shape().dim(3));
        Check.that(
                oh > 0 && ow > 0 && x.shape().dim(2) > 0 && x.shape().dim(3) > 0,
                op,
                "expects a window that fits into the padded input, " + window,
                x);
        return x.with(Shape.of(x.shape().dim(0), x.shape().dim(1), oh, ow));
    }

    /// Largest element of each window (padding does not count; NaN wins): results (values, indices `I64`
    /// into H·W).
    record MaxPool2d(Window window) implements PoolOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            TensorType values = windowed(this, in[0], window);
            return new TensorType[] {values, values.with(DType.I64)};
        }
    }

    /// Adjoint of max pooling: inputs (gradOut, indices into H·W); gradients added at the indices of [N,
    /// C, H, W].
    ///
    /// @param window what was pooled, if each index lies in its window: an input position then has to
    /// ask its windows only. Null if the indices may lie anywhere
    record MaxPool2dBackward(
            int height, int width, @Nullable Window window) implements PoolOp {
        /// With indices that may lie anywhere.
        public MaxPool2dBackward(int height, int width) {
            this(height, width, null);
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.rank(this, in[0], 4);
            Check.indices(this, in[1]);
            Check.sameShape(this, in);
            TensorType x =
                    in[0].with(Shape.of(in[0].shape().dim(0), in[0].shape().dim(1), height, width));
            if (window != null) {
                Shape out = windowed(this, x, window).shape();
                Check.that(out.equals(in[0].shape()), this, "expects gradOut of shape " + out, in);
            }
            return one(x);
        }
    }

    /// Mean of each window; `countIncludePad` divides by the window's part inside the padded input, else
    /// by its part inside the input.
    record AvgPool2d(Window window, boolean countIncludePad) implements PoolOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.floating(this, in[0]);
            return one(windowed(this, in[0], window));
        }
    }

    /// Adjoint of [AvgPool2d]: input gradOut, result [N, C, height, width].
    record AvgPool2dBackward(Window window, boolean countIncludePad, int height, int width) implements PoolOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            Check.rank(this, in[0], 4);
            TensorType x =
                    in[0].with(Shape.of(in[0].shape().dim(0), in[0].shape().dim(1), height, width));
            Shape out = windowed(this, x, window).shape();
            Check.that(out.equals(in[0].shape()), this, "expects gradOut of shape " + out, in);
            return one(x);
        }
    }

    /// Mean over outH x outW bins; bin i covers rows ⌊i·H/outH⌋ to ⌈(i+1)·H/outH⌉ − 1.
    record AdaptiveAvgPool2d(int outH, int outW) implements PoolOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return one(adaptive(this, in, outH, outW));
        }
    }

    /// Adjoint of [AdaptiveAvgPool2d]: input gradOut, result [N, C, height, width].
    record AdaptiveAvgPool2dBackward(int height, int width) implements PoolOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return one(adaptive(this, in, height, width));
        }
    }

    /// Largest element of each bin of [AdaptiveAvgPool2d]: results (values, indices `I64` into H·W).
    record AdaptiveMaxPool2d(int outH, int outW) implements PoolOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            TensorType values = adaptive(this, in, outH, outW);
            return new TensorType[] {values, values.with(DType.I64)};
        }
    }

    private static TensorType adaptive(PoolOp op, TensorType[] in, int h, int w) {
        Check.arity(op, in, 1);
        Check.floating(op, in[0]);
        Check.rank(op, in[0], 4);
        Check.that(
                h > 0 && w > 0 && in[0].shape().dim(2) > 0 && in[0].shape().dim(3) > 0,
                op,
                "expects positive extents, result " + h + " x " + w,
                in);
        return in[0].with(Shape.of(in[0].shape().dim(0), in[0].shape().dim(1), h, w));
    }
}
