package dev.retort.nn.data;

/// Changes of pixel values of images in [0, 1]; those of blending move away from (factor > 1) or towards
/// (factor < 1) a duller image and cut to [0, 1].
final class Photometry {
    private static final int LEVELS = 256;

    private Photometry() {}

    private static float blend(float value, float dull, double factor) {
        return (float) Math.clamp(dull + factor * (value - dull), 0.0, 1.0);
    }

    static Pixels brightness(Pixels image, double factor) {
        Pixels out = image.blank();
        for (int i = 0; i < out.values().length; i++) {
            out.values()[i] = blend(image.values()[i], 0, factor);
        }
        return out;
    }

    /// Luminance of a pixel (ITU-R BT.601), or the value itself unless the image has three channels.
    private static float grey(Pixels image, int position) {
        int plane = image.height() * image.width();
        float[] v = image.values();
        return image.channels() == 3
                ? 0.299f * v[position] + 0.587f * v[plane + position] + 0.114f * v[2 * plane + position]
                : v[position];
    }

    static Pixels colour(Pixels image, double factor) {
        if (image.channels() != 3) {
            return image;
        }
        Pixels out = image.blank();
        int plane = image.height() * image.width();
        for (int i = 0; i < out.values().length; i++) {
            out.values()[i] = blend(image.values()[i], grey(image, i % plane), factor);
        }
        return out;
    }

    static Pixels contrast(Pixels image, double factor) {
        int plane = image.height() * image.width();
        double sum = 0;
        for (int i = 0; i < plane; i++) {
            sum += grey(image, i);
        }
        float mean = (float) (sum / Math.max(1, plane));
        Pixels out = image.blank();
        for (int i = 0; i < out.values().length; i++) {
            out.values()[i] = blend(image.values()[i], mean, factor);
        }
        return out;
    }

    /// Away from or towards the image smoothed by (1 1 1; 1 5 1; 1 1 1)/13; the border stays.
    static Pixels sharpness(Pixels image, double factor) {
        Pixels out = image.copy();
        int w = image.width();
        for (int c = 0; c < image.channels(); c++) {
            for (int y = 1; y < image.height() - 1; y++) {
                for (int x = 1; x < w - 1; x++) {
                    float sum = 4 * image.at(c, y, x);
                    for (int dy = -1; dy <= 1; dy++) {
                        for (int dx = -1; dx <= 1; dx++) {
                            sum += image.at(c, y + dy, x + dx);
                        }
                    }
                    out.values()[(c * image.height() + y) * w + x] = blend(image.at(c, y, x), sum / 13, factor);
                }
            }
        }
        return out;
    }

    private static int level(float value) {
        return Math.clamp(Math.round(value * (LEVELS - 1)), 0, LEVELS - 1);
    }

    /// Only the upper `bits` of eight bits kept.
    static Pixels posterize(Pixels image, int bits) {
        int mask = (0xFF << (8 - bits)) & 0xFF;
        Pixels out = image.blank();
        for (int i = 0; i < out.values().length; i++) {
            out.values()[i] = (level(image.values()[i]) & mask) / (LEVELS - 1f);
        }
        return out;
    }

    /// Values from the threshold on inverted.
    static Pixels solarize(Pixels image, double threshold) {
        Pixels out = image.blank();
        for (int i = 0; i < out.values().length; i++) {
            float v = image.values()[i];
            out.values()[i] = v >= threshold ? 1 - v : v;
        }
        return out;
    }

    /// Each channel stretched to [0, 1].
    static Pixels autocontrast(Pixels image) {
        Pixels out = image.copy();
        int plane = image.height() * image.width();
        for (int c = 0; c < image.channels(); c++) {
            float low = Float.POSITIVE_INFINITY;
            float high = Float.NEGATIVE_INFINITY;
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                low = Math.min(low, image.values()[i]);
                high = Math.max(high, image.values()[i]);
            }
            for (int i = c * plane; i < (c + 1) * plane && high > low; i++) {
                out.values()[i] = (image.values()[i] - low) / (high - low);
            }
        }
        return out;
    }

    /// The histogram of each channel levelled over 256 values.
    static Pixels equalize(Pixels image) {
        Pixels out = image.copy();
        int plane = image.height() * image.width();
        for (int c = 0; c < image.channels(); c++) {
            int[] histogram = new int[LEVELS];
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                histogram[level(image.values()[i])]++;
            }
            int last = LEVELS - 1;
            while (last > 0 && histogram[last] == 0) {
                last--;
            }
            int step = (plane - histogram[last]) / (LEVELS - 1);
            if (step == 0) {
                continue; // too few values to level
            }
            int[] table = new int[LEVELS];
            int sum = step / 2;
            for (int v = 0; v < LEVELS; v++) {
                table[v] = Math.min(LEVELS - 1, sum / step);
                sum += histogram[v];
            }
            for (int i = c * plane; i < (c + 1) * plane; i++) {
                out.values()[i] = table[level(image.values()[i])] / (LEVELS - 1f);
            }
        }
        return out;
    }
}
