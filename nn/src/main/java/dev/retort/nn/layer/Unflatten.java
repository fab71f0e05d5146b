package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// One dimension taken apart into several: the inverse of [Flatten].
///
/// **Shape**: `[..., ∏sizes, ...]` → `[..., sizes, ...]`.
public final class Unflatten extends Layer {
    private final int dim;
    private final int[] sizes;

    /// Dimension `dim` as the given extents.
    public Unflatten(int dim, int... sizes) {
        this.dim = dim;
        this.sizes = sizes.clone();
    }

    @Override
    protected Tensor forward(Tensor x) {
        int d = x.shape().normalise("unflatten", dim);
        if (sizes.length == 0 || Arrays.stream(sizes).reduce(1, Math::multiplyExact) != x.size(d)) {
            throw new OpException("unflatten: expects extents whose product is that of dimension " + d + ", got "
                    + Arrays.toString(sizes) + " for " + x.type());
        }
        int[] old = x.shape().dims();
        int[] shape = new int[old.length - 1 + sizes.length];
        System.arraycopy(old, 0, shape, 0, d);
        System.arraycopy(sizes, 0, shape, d, sizes.length);
        System.arraycopy(old, d + 1, shape, d + sizes.length, old.length - d - 1);
        return x.reshape(shape);
    }

    @Override
    protected String extra() {
        return dim + ", " + Arrays.toString(sizes);
    }
}
