package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The image mirrored left to right with probability p.
public final class RandomHorizontalFlip implements Transform {
    private final double p;

    /// Mirrors half of the images.
    public RandomHorizontalFlip() {
        this(0.5);
    }

    /// Mirrors with probability `p`.
    ///
    /// @throws OpException if p is not in [0, 1]
    public RandomHorizontalFlip(double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new OpException("horizontal flip: expects p in [0, 1], got " + p);
        }
        this.p = p;
    }

    @Override
    public String text() {
        return "horizontal flip " + p;
    }

    @Override
    public Tensor apply(Tensor input, Rng rng) {
        Pixels image = Pixels.of("horizontal flip", input);
        if (rng.nextDouble() >= p) {
            return input;
        }
        Pixels out = image.blank();
        int w = image.width();
        for (int row = 0; row < image.channels() * image.height(); row++) {
            for (int x = 0; x < w; x++) {
                out.values()[row * w + x] = image.values()[row * w + w - 1 - x];
            }
        }
        return out.tensor();
    }
}
