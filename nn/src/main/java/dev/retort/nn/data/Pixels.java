package dev.retort.nn.data;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// An image as an array, for transforms.
///
/// @param values `[C, H, W]` in row-major order
record Pixels(float[] values, int channels, int height, int width) {
    /// The elements of an image tensor; may be the tensor's own array, so it is not to be changed.
    static Pixels of(String transform, Tensor image) {
        if (image.rank() != 3 || image.dtype() != DType.F32) {
            throw new OpException(transform + ": expects an F32 image [C, H, W], got " + image.type());
        }
        return new Pixels(image.toHost().floats(), image.size(0), image.size(1), image.size(2));
    }

    /// An image of this extent, all 0.
    Pixels blank() {
        return new Pixels(new float[values.length], channels, height, width);
    }

    /// A copy that may be changed.
    Pixels copy() {
        return new Pixels(values.clone(), channels, height, width);
    }

    Tensor tensor() {
        return Tensor.wrap(DType.F32, values, channels, height, width);
    }

    /// Value at a position; 0 outside.
    float at(int c, int y, int x) {
        return y < 0 || y >= height || x < 0 || x >= width ? 0 : values[(c * height + y) * width + x];
    }
}
