package dev.retort.tensor;

import dev.retort.tensor.op.ConvOp;

/// How a three-dimensional kernel moves: along the depth as given here, in each plane as `plane` says;
/// the groups are those of `plane`.
///
/// @param strideD   step along the depth
/// @param paddingD  zeros on either side of the depth
/// @param dilationD distance of the kernel's taps along the depth
/// @param plane     stride, padding, dilation of rows and columns, and groups
public record VolumeGeometry(int strideD, int paddingD, int dilationD, ConvOp.Geometry plane) {
    /// Checks the ranges.
    ///
    /// @throws OpException if stride or dilation is below 1 or the padding is negative
    public VolumeGeometry {
        if (strideD < 1 || dilationD < 1 || paddingD < 0) {
            throw new OpException("conv3d: expects stride and dilation >= 1 and padding >= 0, got stride " + strideD
                    + ", dilation " + dilationD + ", padding " + paddingD);
        }
    }

    /// The same stride and padding in all three directions, no dilation, one group.
    public static VolumeGeometry of(int stride, int padding) {
        return of(stride, padding, 1, 1);
    }

    /// The same stride, padding and dilation in all three directions.
    public static VolumeGeometry of(int stride, int padding, int dilation, int groups) {
        return new VolumeGeometry(stride, padding, dilation, ConvOp.Geometry.of(stride, padding, dilation, groups));
    }

    /// Extent of the result's depth, at least 0: ⌊(D + 2p − d(k − 1) − 1)/s⌋ + 1.
    int outD(int depth, int kernelD) {
        int room = depth + 2 * paddingD - dilationD * (kernelD - 1) - 1;
        return room < 0 ? 0 : room / strideD + 1;
    }
}
