package dev.retort.nn.layer;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;

/// What a convolution finds beyond the border of its input; PyTorch's `padding_mode`.
public enum PaddingMode {
    /// Zeros.
    ZEROS,
    /// The input mirrored at its border elements.
    REFLECT,
    /// The border elements.
    REPLICATE,
    /// The elements of the other end.
    CIRCULAR;

    /// The input with pads in PyTorch's order: last dimension first, before and after.
    Tensor pad(Tensor x, int... pads) {
        return switch (this) {
            case ZEROS -> x.pad(0, pads);
            case REFLECT -> x.pad(ShapeOp.PadMode.REFLECT, 0, pads);
            case REPLICATE -> x.pad(ShapeOp.PadMode.REPLICATE, 0, pads);
            case CIRCULAR -> x.padCircular(pads);
        };
    }

    /// Pads before and after one direction: `padding` each, or what keeps the extent at stride 1, the
    /// larger half after.
    static int[] pads(boolean same, int padding, int dilation, int kernel) {
        int total = dilation * (kernel - 1);
        return same ? new int[] {total / 2, total - total / 2} : new int[] {padding, padding};
    }

    /// The pads of several directions, given the first direction first, in PyTorch's order.
    static int[] order(int[]... directions) {
        int[] pads = new int[2 * directions.length];
        for (int d = 0; d < directions.length; d++) {
            pads[2 * (directions.length - 1 - d)] = directions[d][0];
            pads[2 * (directions.length - 1 - d) + 1] = directions[d][1];
        }
        return pads;
    }

    static void requireZeros(String op, PaddingMode mode, boolean same) {
        if (mode != ZEROS || same) {
            throw new OpException(
                    op + ": expects padding by a number of zeros, got " + (same ? "'same'" : mode.toString()));
        }
    }

    static void requireUnitStride(String op, boolean same, int... strides) {
        for (int stride : strides) {
            if (same && stride != 1) {
                throw new OpException(op + ": expects stride 1 with 'same' padding, got " + stride);
            }
        }
    }
}
