package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// Padding: a value; negative pads crop. PyTorch's ConstantPad1d, 2d and 3d in one.
///
/// **Shape**: `[..., L]` → `[..., before + L + after]` in each of the last dimensions for which there is
/// a pair of pads.
public final class ConstantPad extends Layer {
    private final double value;
    private final int[] pads;

    /// Pads before and after the last dimension, then before and after the one in front of it, and so on.
    public ConstantPad(double value, int... pads) {
        this.value = value;
        this.pads = pads.clone();
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.pad(value, pads);
    }

    @Override
    protected String extra() {
        return value + ", " + Arrays.toString(pads);
    }
}
