package dev.retort.bench.model;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// (x − mean)/std per channel, on values in [0, 1].
///
/// @param mean one a channel
/// @param std  one a channel, positive
public record Normalization(double[] mean, double[] std) {
    /// Checks the lengths and the range.
    public Normalization {
        if (mean.length == 0 || mean.length != std.length) {
            throw new IllegalArgumentException(
                    "normalization: expects as many means as deviations, got " + mean.length + " and " + std.length);
        }
        for (double s : std) {
            if (!(s > 0)) {
                throw new IllegalArgumentException("normalization: expects positive deviations, got " + s);
            }
        }
    }

    /// Mean and standard deviation of each channel over at most 5,000 evenly spaced images.
    public static Normalization of(Dataset images) {
        ImageShape shape = ImageShape.of(images.get(0).input().shape());
        double[] sum = new double[shape.channels()];
        double[] squares = new double[shape.channels()];
        int plane = shape.height() * shape.width();
        int step = Math.max(1, images.size() / 5000);
        long count = 0;
        for (int i = 0; i < images.size(); i += step) {
            float[] values = images.get(i).input().toFloats();
            for (int j = 0; j < values.length; j++) {
                sum[j / plane] += values[j];
                squares[j / plane] += values[j] * values[j];
            }
            count += plane;
        }
        double[] mean = new double[shape.channels()];
        double[] std = new double[shape.channels()];
        for (int c = 0; c < mean.length; c++) {
            mean[c] = sum[c] / count;
            std[c] = Math.max(1e-3, Math.sqrt(Math.max(0, squares[c] / count - mean[c] * mean[c])));
        }
        return new Normalization(mean, std);
    }

    /// The normalised image of an image [C, H, W].
    ///
    /// @throws IllegalArgumentException if the image has another number of channels
    public Tensor apply(Tensor image) {
        if (image.rank() != 3 || image.size(0) != mean.length) {
            throw new IllegalArgumentException(
                    "normalization: expects [" + mean.length + ", H, W], got " + image.shape());
        }
        float[] values = image.toFloats();
        int plane = image.size(1) * image.size(2);
        for (int c = 0; c < mean.length; c++) {
            float m = (float) mean[c];
            float scale = (float) (1 / std[c]);
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                values[i] = (values[i] - m) * scale;
            }
        }
        return Tensor.wrap(DType.F32, values, image.shape().dims());
    }

    /// This as a transform of a data loader.
    public Transform asTransform() {
        return (input, rng) -> apply(input);
    }
}
