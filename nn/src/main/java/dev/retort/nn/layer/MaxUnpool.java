package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// What [MaxUnpool1d], [MaxUnpool2d] and [MaxUnpool3d] have in common: windows of one size along all directions.
abstract sealed class MaxUnpool extends Module permits MaxUnpool1d, MaxUnpool2d, MaxUnpool3d {
    private final int dims;
    private final int kernel;
    private final int stride;
    private final int padding;

    MaxUnpool(int dims, int kernel, int stride, int padding) {
        if (kernel < 1 || stride < 1 || padding < 0) {
            throw new IllegalArgumentException("max_unpool" + dims + "d: expects kernel and stride of at least 1 and"
                    + " padding of at least 0, got " + kernel + ", " + stride + " and " + padding);
        }
        this.dims = dims;
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
    }

    /// Values and indices as max pooling gives them, put back.
    public Tensor call(Tensor values, Tensor indices) {
        if (values.rank() != dims + 2) {
            throw new OpException(
                    "max_unpool" + dims + "d: expects [N, C, ...] of rank " + (dims + 2) + ", got " + values.type());
        }
        int[] extents = new int[dims];
        for (int i = 0; i < dims; i++) {
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
