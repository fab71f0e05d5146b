package dev.retort.tensor;

import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ShapeOp;

/// Methods of [Tensor] that take images apart and put them together, made of views and their adjoints.
public sealed interface PatchMethods permits Tensor {
    /// This tensor.
    Tensor self();

    /// [N, C · r², H, W] → [N, C, H · r, W · r]: channels become pixels (Shi et al., 2016, arXiv 1609.05158).
    ///
    /// @throws OpException if the channels are no multiple of r²
    default Tensor pixelShuffle(int r) {
        Tensor x = self();
        if (x.rank() != 4 || r < 1 || x.size(1) % (r * r) != 0) {
            throw new OpException("pixel_shuffle: expects [N, C * r * r, H, W], got " + x.type() + " and r = " + r);
        }
        int c = x.size(1) / (r * r);
        int h = x.size(2);
        int w = x.size(3);
        return x.reshape(x.size(0), c, r, r, h, w).permute(0, 1, 4, 2, 5, 3).reshape(x.size(0), c, h * r, w * r);
    }

    /// [N, C, H · r, W · r] → [N, C · r², H, W]: the inverse of [#pixelShuffle].
    ///
    /// @throws OpException if an extent is no multiple of r
    default Tensor pixelUnshuffle(int r) {
        Tensor x = self();
        if (x.rank() != 4 || r < 1 || x.size(2) % r != 0 || x.size(3) % r != 0) {
            throw new OpException("pixel_unshuffle: expects [N, C, H * r, W * r], got " + x.type() + " and r = " + r);
        }
        int h = x.size(2) / r;
        int w = x.size(3) / r;
        return x.reshape(x.size(0), x.size(1), h, r, w, r)
                .permute(0, 1, 3, 5, 2, 4)
                .reshape(x.size(0), x.size(1) * r * r, h, w);
    }

    /// The patches that a convolution would see, as columns: [N, C, H, W] → [N, C · KH · KW, L] with L = OH · OW
    /// patches, padded with zeros.
    ///
    /// @throws OpException if this is no image, the kernel does not fit, or there are groups
    default Tensor unfold(int kernelH, int kernelW, ConvOp.Geometry g) {
        Tensor x = self();
        if (x.rank() != 4) {
            throw new OpException("unfold: expects [N, C, H, W], got " + x.type());
        }
        Patches patches = Patches.of("unfold", x.size(2), x.size(3), kernelH, kernelW, g);
        Tensor padded = x.pad(0, g.paddingW(), g.paddingW(), g.paddingH(), g.paddingH());
        Tensor[] parts = new Tensor[kernelH * kernelW];
        for (int k = 0; k < parts.length; k++) {
            Tensor rows = Engine.one(patches.rows(k / kernelW), padded);
            parts[k] = Engine.one(patches.columns(k % kernelW), rows);
        }
        return Tensor.stack(2, parts).reshape(x.size(0), x.size(1) * parts.length, patches.count());
    }

    /// Columns of patches added up to images of height x width: the adjoint of [#unfold], [N, C · KH · KW, L] →
    /// [N, C, H, W].
    ///
    /// @throws OpException if the numbers of rows and columns are not those that [#unfold] would give
    default Tensor fold(int height, int width, int kernelH, int kernelW, ConvOp.Geometry g) {
        Tensor x = self();
        Patches patches = Patches.of("fold", height, width, kernelH, kernelW, g);
        int count = kernelH * kernelW;
        if (x.rank() != 3 || x.size(1) % count != 0 || x.size(2) != patches.count()) {
            throw new OpException("fold: expects [N, C * " + count + ", " + patches.count() + "], got " + x.type());
        }
        int n = x.size(0);
        int c = x.size(1) / count;
        int fullH = height + 2 * g.paddingH();
        int fullW = width + 2 * g.paddingW();
        Tensor maps = x.reshape(n, c, count, patches.outH(), patches.outW());
        Tensor sum = Tensor.zeros(x.dtype(), n, c, fullH, fullW).to(x.device());
        for (int k = 0; k < count; k++) {
            Tensor rows = Engine.one(
                    new ShapeOp.Embed(patches.columns(k % kernelW), Shape.of(n, c, patches.outH(), fullW)),
                    maps.select(2, k));
            ShapeOp place = new ShapeOp.Embed(patches.rows(k / kernelW), Shape.of(n, c, fullH, fullW));
            sum = sum.add(Engine.one(place, rows));
        }
        return sum.narrow(2, g.paddingH(), height).narrow(3, g.paddingW(), width);
    }
}
