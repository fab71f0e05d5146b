package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// The image padded with zeros on all sides, then cut to `height` x `width` at a random place.
public final class RandomCrop implements Transform {
    private final int height;
    private final int width;
    private final int padding;

    /// Crops of the given extent.
    public RandomCrop(int height, int width, int padding) {
        if (height < 1 || width < 1 || padding < 0) {
            throw new OpException("random crop: expects a positive extent and padding >= 0, got " + height + " x "
                    + width + ", padding " + padding);
        }
        this.height = height;
        this.width = width;
        this.padding = padding;
    }

    @Override
    public String text() {
        return "random crop " + height + "x" + width + " padding " + padding;
    }

    @Override
    public Tensor apply(Tensor input, Rng rng) {
        Pixels image = Pixels.of("random crop", input);
        int roomY = image.height() + 2 * padding - height;
        int roomX = image.width() + 2 * padding - width;
        if (roomY < 0 || roomX < 0) {
            throw new OpException("random crop: expects an image of at least " + (height - 2 * padding) + " x "
                    + (width - 2 * padding) + ", got " + input.type());
        }
        int top = rng.nextInt(roomY + 1) - padding;
        int left = rng.nextInt(roomX + 1) - padding;
        Pixels out = new Pixels(new float[image.channels() * height * width], image.channels(), height, width);
        for (int c = 0; c < image.channels(); c++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    out.values()[(c * height + y) * width + x] = image.at(c, top + y, left + x);
                }
            }
        }
        return out.tensor();
    }
}
