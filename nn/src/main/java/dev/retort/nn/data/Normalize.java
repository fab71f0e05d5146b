package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// (x − mean)/std for each channel of an image `[C, H, W]`, or for each number of a row of features `[C]`.
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

    /// Mean and standard deviation of each channel over the samples of a data set, in double; the
    /// deviation of a channel that never changes is given as 1.
    ///
    /// @throws OpException if there is no sample, or one is neither an image nor a row of features
    public static Normalize fit(Dataset dataset) {
        if (dataset.size() == 0) {
            throw new OpException("normalize: expects at least one sample to fit to, got none");
        }
        Pixels first = pixels(dataset.get(0).input());
        int plane = first.height() * first.width();
        double[] origin = new double[first.channels()]; // a value that occurs: large means cost no digits
        for (int c = 0; c < origin.length; c++) {
            origin[c] = first.values()[c * plane];
        }
        double[] sum = new double[origin.length];
        double[] squares = new double[origin.length];
        long count = 0;
        for (int i = 0; i < dataset.size(); i++) {
            Pixels image = pixels(dataset.get(i).input());
            if (image.channels() != origin.length) {
                throw new OpException("normalize: expects " + origin.length + " channels, got " + image.channels()
                        + " in sample " + i);
            }
            int own = image.height() * image.width();
            for (int j = 0; j < image.values().length; j++) {
                double shifted = image.values()[j] - origin[j / own];
                sum[j / own] += shifted;
                squares[j / own] += shifted * shifted;
            }
            count += own;
        }
        float[] mean = new float[origin.length];
        float[] std = new float[origin.length];
        for (int c = 0; c < mean.length; c++) {
            double shift = sum[c] / count;
            mean[c] = (float) (origin[c] + shift);
            std[c] = (float) Math.sqrt(squares[c] / count - shift * shift);
            std[c] = std[c] > 0 ? std[c] : 1;
        }
        return new Normalize(mean, std);
    }

    /// A row of features is an image of one pixel.
    private static Pixels pixels(Tensor input) {
        if (input.rank() != 1 && input.rank() != 3) {
            throw new OpException("normalize: expects an F32 image [C, H, W] or F32 features [C], got " + input.type());
        }
        return Pixels.of("normalize", input.rank() == 1 ? input.reshape(input.numel(), 1, 1) : input);
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
        Pixels image = pixels(input);
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
        return out.tensor().reshape(input.shape());
    }
}
