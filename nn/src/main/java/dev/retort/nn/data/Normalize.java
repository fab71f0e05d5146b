package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// (x − mean)/std for each channel.
public final class Normalize implements Transform {
    private final float[] mean;
    private final float[] std;

    /// One mean and one standard deviation for each channel.
    ///
    /// @throws OpException if their numbers differ or a deviation is not positive
    public Normalize(float[] mean, float[] std) {
        if (mean.length != std.length) {
            throw new OpException(
                    "normalize: expects one std for each mean, got " + mean.length + " and " + std.length);
        }
        for (float s : std) {
            if (!(s > 0)) {
                throw new OpException("normalize: expects std > 0, got " + s);
            }
        }
        this.mean = mean.clone();
        this.std = std.clone();
    }

    /// Mean and standard deviation of each channel over the images of a data set, in double.
    public static Normalize fit(Dataset dataset) {
        double[] sum = new double[0];
        double[] squares = new double[0];
        long count = 0;
        for (int i = 0; i < dataset.size(); i++) {
            Pixels image = Pixels.of("normalize", dataset.get(i).input());
            if (i == 0) {
                sum = new double[image.channels()];
                squares = new double[image.channels()];
            }
            int plane = image.height() * image.width();
            for (int j = 0; j < image.values().length; j++) {
                sum[j / plane] += image.values()[j];
                squares[j / plane] += (double) image.values()[j] * image.values()[j];
            }
            count += plane;
        }
        float[] mean = new float[sum.length];
        float[] std = new float[sum.length];
        for (int c = 0; c < sum.length; c++) {
            mean[c] = (float) (sum[c] / count);
            std[c] = (float) Math.sqrt(Math.max(1e-12, squares[c] / count - Math.pow(sum[c] / count, 2)));
        }
        return new Normalize(mean, std);
    }

    /// The means.
    public float[] mean() {
        return mean.clone();
    }

    /// The standard deviations.
    public float[] std() {
        return std.clone();
    }

    @Override
    public String text() {
        return "normalize " + Arrays.toString(mean) + " " + Arrays.toString(std);
    }

    @Override
    public Tensor apply(Tensor input, Rng rng) {
        Pixels image = Pixels.of("normalize", input);
        if (image.channels() != mean.length) {
            throw new OpException("normalize: expects " + mean.length + " channels, got " + input.type());
        }
        Pixels out = image.blank();
        int plane = image.height() * image.width();
        for (int c = 0; c < mean.length; c++) {
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                out.values()[i] = (image.values()[i] - mean[c]) / std[c];
            }
        }
        return out.tensor();
    }
}
