package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A square of zeros around a random pixel, cut off at the border (DeVries and Taylor, 2017, arXiv
/// 1708.04552). Put it after [Normalize], where 0 is the mean.
public final class Cutout implements Transform {
    private final int length;

    /// A square of `length` x `length` pixels.
    public Cutout(int length) {
        if (length < 1) {
            throw new OpException("cutout: expects length >= 1, got " + length);
        }
        this.length = length;
    }

    @Override
    public String text() {
        return "cutout " + length;
    }

    @Override
    public Tensor apply(Tensor input, Rng rng) {
        Pixels image = Pixels.of("cutout", input).copy();
        int top = rng.nextInt(image.height()) - length / 2;
        int left = rng.nextInt(image.width()) - length / 2;
        for (int c = 0; c < image.channels(); c++) {
            for (int y = Math.max(0, top); y < Math.min(image.height(), top + length); y++) {
                for (int x = Math.max(0, left); x < Math.min(image.width(), left + length); x++) {
                    image.values()[(c * image.height() + y) * image.width() + x] = 0;
                }
            }
        }
        return image.tensor();
    }
}
