package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// The partial inverse of [MaxPool1d]: the largest elements at their places, zeros elsewhere.
///
/// **Shape**: values and indices `[N, C, L]` → extents (L − 1)·stride − 2·padding + kernel, or given ones.
public final class MaxUnpool1d extends Module {
    private final int kernel;
    private final int stride;
    private final int padding;

    /// Windows side by side.
    public MaxUnpool1d(int kernel) {
        this(kernel, kernel, 0);
    }

    /// The windows that were pooled.
    public MaxUnpool1d(int kernel, int stride, int padding) {
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
    }

    /// Values and indices as [Tensor#maxPool1dWithIndices] gives them, put back.
    public Tensor call(Tensor values, Tensor indices) {
        if (values.rank() != 3) {
            throw new OpException("max_unpool1d: expects [N, C, L], got " + values.type());
        }
        int[] extents = new int[1];
        for (int i = 0; i < extents.length; i++) {
            extents[i] = (values.size(i + 2) - 1) * stride - 2 * padding + kernel;
        }
        return call(values, indices, extents);
    }

    /// The same with the extents of the result, where the windows leave a choice.
    public Tensor call(Tensor values, Tensor indices, int... extents) {
        return run(in -> new Tensor[] {in[0].maxUnpool(in[1], extents)}, values, indices)[0];
    }

    @Override
    protected String extra() {
        return "kernel = " + kernel + ", stride = " + stride + ", padding = " + padding;
    }
}
