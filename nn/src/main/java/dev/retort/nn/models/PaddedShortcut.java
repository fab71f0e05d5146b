package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;

/// The shortcut without weights where a ResNet changes shape (option A of He et al., 2015, arXiv
/// 1512.03385): every stride-th row and column, with zero channels added in equal parts before and after.
///
/// **Shape**: `[N, C, H, W]` → `[N, out, ⌈H/stride⌉, ⌈W/stride⌉]`.
public final class PaddedShortcut extends Layer {
    private final int out;
    private final int stride;

    /// A shortcut to `out` channels.
    public PaddedShortcut(int out, int stride) {
        this.out = out;
        this.stride = stride;
    }

    @Override
    protected Tensor forward(Tensor x) {
        int added = out - x.size(1);
        Tensor smaller = stride == 1 ? x : x.slice(2, 0, x.size(2), stride).slice(3, 0, x.size(3), stride);
        return smaller.pad(0, 0, 0, 0, 0, added / 2, added - added / 2);
    }

    @Override
    protected String extra() {
        return out + ", stride = " + stride;
    }
}
