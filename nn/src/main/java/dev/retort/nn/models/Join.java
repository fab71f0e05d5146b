package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// What joins the streams of a ResNet's block, under a name in the block.
///
/// @param name  of the child module
/// @param layer makes the projection; null where the shape stays
record Join(String name, @Nullable Supplier<Layer> layer) {
    /// Whether the shape changes.
    boolean isProjection() {
        return layer != null;
    }

    /// A 1 x 1 convolution with batch norm where needed: option B of He et al., 2015.
    static Join projection(String name, int in, int out, int stride, Rng rng) {
        boolean same = stride == 1 && in == out;
        return new Join(name, same ? null : () -> project(in, out, stride, rng));
    }

    private static Layer project(int in, int out, int stride, Rng rng) {
        return new Sequential(Convolutions.of(in, out, 1, stride, rng), new BatchNorm(out));
    }

    /// Subsampling and zero channels where needed: option A.
    static Join padded(String name, int in, int out, int stride) {
        boolean same = stride == 1 && in == out;
        return new Join(name, same ? null : () -> new PaddedShortcut(out, stride));
    }
}
