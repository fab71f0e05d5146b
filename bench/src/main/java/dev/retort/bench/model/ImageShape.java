package dev.retort.bench.model;

import dev.retort.tensor.Shape;

/// Extents of one image.
public record ImageShape(int channels, int height, int width) {
    private static final long MAX_VALUES = 1L << 28;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if an extent is below 1, or there are more than 2²⁸ values
    public ImageShape {
        long plane = (long) height * width;
        if (channels < 1 || height < 1 || width < 1 || plane > MAX_VALUES || plane * channels > MAX_VALUES) {
            throw new IllegalArgumentException("image: expects extents from 1 and at most " + MAX_VALUES
                    + " values, got " + channels + "x" + height + "x" + width);
        }
    }

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
