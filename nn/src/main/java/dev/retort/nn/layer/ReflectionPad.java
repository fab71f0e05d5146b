package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import java.util.Arrays;

/// Padding: the input mirrored at its border elements, which are not repeated. PyTorch's ReflectionPad1d,
/// 2d and 3d in one.
///
/// **Shape**: `[..., L]` → `[..., before + L + after]` in each of the last dimensions for which there is
/// a pair of pads.
public final class ReflectionPad extends Layer {
    private final int[] pads;

    /// Pads before and after the last dimension, then before and after the one in front of it, and so on.
    public ReflectionPad(int... pads) {
        this.pads = pads.clone();
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.pad(ShapeOp.PadMode.REFLECT, 0, pads);
    }

    @Override
    protected String extra() {
        return Arrays.toString(pads);
    }
}
