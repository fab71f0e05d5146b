package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Softmax over the channels at each pixel.
///
/// **Shape**: `[N, C, H, W]` → the same.
public final class Softmax2d extends Layer {
    /// The layer; it has no parameters.
    public Softmax2d() {}

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() != 4) {
            throw new OpException("softmax2d: expects [N, C, H, W], got " + x.type());
        }
        return x.softmax(1);
    }
}
