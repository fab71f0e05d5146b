package dev.retort.tensor;

import dev.retort.tensor.op.ConvOp.Geometry;
import dev.retort.tensor.op.ShapeOp;

/// Where a kernel of some size stands in an image.
///
/// @param geometry steps of the kernel
/// @param outH     places in a column
/// @param outW     places in a row
record Patches(Geometry geometry, int outH, int outW) {
    /// @throws OpException if the kernel does not fit, or there are groups
    static Patches of(String op, int height, int width, int kernelH, int kernelW, Geometry g) {
        int spanH = height + 2 * g.paddingH() - g.dilationH() * (kernelH - 1) - 1;
        int spanW = width + 2 * g.paddingW() - g.dilationW() * (kernelW - 1) - 1;
        if (kernelH < 1 || kernelW < 1 || spanH < 0 || spanW < 0 || g.groups() != 1) {
            throw new OpException(op + ": expects a kernel that fits into the padded image, and one group, got "
                    + kernelH + " x " + kernelW + " in " + height + " x " + width + " with " + g);
        }
        return new Patches(g, spanH / g.strideH() + 1, spanW / g.strideW() + 1);
    }

    int count() {
        return outH * outW;
    }

    /// What row `k` of the kernel sees of a padded image.
    ShapeOp.Slice rows(int k) {
        return new ShapeOp.Slice(2, k * geometry.dilationH(), outH, geometry.strideH());
    }

    /// What column `k` of the kernel sees.
    ShapeOp.Slice columns(int k) {
        return new ShapeOp.Slice(3, k * geometry.dilationW(), outW, geometry.strideW());
    }
}
