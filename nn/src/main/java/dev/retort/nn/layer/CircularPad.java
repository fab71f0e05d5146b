package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// Padding: the elements of the other end: a sequence on a ring. PyTorch's CircularPad1d, 2d and 3d in one.
///
/// **Shape**: `[..., L]` → `[..., before + L + after]` in each of the last dimensions for which there is
/// a pair of pads.
public final class CircularPad extends Layer {
    private final int[] pads;

    /// Pads before and after the last dimension, then before and after the one in front of it, and so on.
    public CircularPad(int... pads) {
        this.pads = pads.clone();
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.padCircular(pads);
    }

    @Override
    protected String extra() {
        return Arrays.toString(pads);
    }
}
