package dev.retort.tensor;

import dev.retort.tensor.op.PoolOp;

/// Windows of three-dimensional pooling: `depth` moves along the depth (its columns are 1), `plane` over
/// each plane.
///
/// @param depth the window along the depth, as rows
/// @param plane the window over rows and columns
public record VolumeWindow(PoolOp.Window depth, PoolOp.Window plane) {
    /// Checks that the first window lies along the depth only.
    ///
    /// @throws OpException if it has more than one column
    public VolumeWindow {
        if (depth.kernelW() != 1 || depth.strideW() != 1 || depth.paddingW() != 0) {
            throw new OpException("pool3d: expects a window of one column along the depth, got " + depth);
        }
    }

    /// A cubic window.
    public static VolumeWindow of(int kernel, int stride, int padding) {
        return of(kernel, stride, padding, false);
    }

    /// A cubic window; with `ceilMode` a partial last window counts.
    public static VolumeWindow of(int kernel, int stride, int padding, boolean ceilMode) {
        return new VolumeWindow(
                new PoolOp.Window(kernel, 1, stride, 1, padding, 0, ceilMode),
                new PoolOp.Window(kernel, kernel, stride, stride, padding, padding, ceilMode));
    }
}
