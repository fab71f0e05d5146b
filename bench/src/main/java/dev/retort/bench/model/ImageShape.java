package dev.retort.bench.model;

import dev.retort.tensor.Shape;

/// Extents of one image.
public record ImageShape(int channels, int height, int width) {
    /// The extents of an image tensor [C, H, W].
    ///
    /// @throws IllegalArgumentException if the rank is not 3
    public static ImageShape of(Shape shape) {
        if (shape.rank() != 3) {
            throw new IllegalArgumentException("image: expects [C, H, W], got " + shape);
        }
        return new ImageShape(shape.dim(0), shape.dim(1), shape.dim(2));
    }

    /// Number of values.
    public int numel() {
        return channels * height * width;
    }

    @Override
    public String toString() {
        return channels + "x" + height + "x" + width;
    }
}
