package dev.retort.tensor.packed;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.simd.pixels.PixelPlanes;

/// `F32` tensors `[N, C, H, W]` on the CPU, and those whose channels lie together.
final class ChannelsLast {
    private ChannelsLast() {}

    static float[] array(Tensor x) {
        return ((HostStorage) x.storage()).floats();
    }

    /// The images of a tensor, wherever its elements are.
    static PixelPlanes planes(Tensor x) {
        int[] strides = x.strides();
        return new PixelPlanes(array(x), x.offset(), strides[0], strides[1], strides[2], strides[3]);
    }

    /// The same elements with channels together: `x` itself, or a copy.
    static Tensor of(Tensor x) {
        return planes(x).channelsLast(x.size(1), x.size(2), x.size(3))
                ? x
                : x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
    }

    /// A tensor of `shape` around `data`, which nobody else keeps.
    static Tensor tensor(float[] data, Shape shape) {
        int channels = shape.dim(1);
        int row = shape.dim(3) * channels;
        int[] strides = {shape.dim(2) * row, 1, row, channels};
        return Tensor.of(HostStorage.result(data), 0, shape, strides);
    }
}
