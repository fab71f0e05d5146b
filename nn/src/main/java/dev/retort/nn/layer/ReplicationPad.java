package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import java.util.Arrays;

/// Padding: the border elements repeated. PyTorch's ReplicationPad1d, 2d and 3d in one.
///
/// **Shape**: `[..., L]` → `[..., before + L + after]` in each of the last dimensions for which there is
/// a pair of pads.
public final class ReplicationPad extends Layer {
    private final int[] pads;

    /// Pads before and after the last dimension, then before and after the one in front of it, and so on.
    public ReplicationPad(int... pads) {
        this.pads = pads.clone();
    }

    @Override
    protected Tensor forward(Tensor x) {
        return x.pad(ShapeOp.PadMode.REPLICATE, 0, pads);
    }

    @Override
    protected String extra() {
        return Arrays.toString(pads);
    }
}
