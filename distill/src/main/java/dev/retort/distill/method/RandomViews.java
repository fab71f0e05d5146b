package dev.retort.distill.method;

import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Random parts of images [B, C, H, W], another for each, so that gradients reach the pixels. What lies
/// outside an image repeats its edge; half of the images are mirrored.
final class RandomViews {
    private static final int TRIES = 10;
    private static final double NARROWEST = 3.0 / 4;

    private RandomViews() {}

    /// Shifted by up to `most` pixels each way.
    static Tensor shifted(Tensor images, int most, Rng rng) {
        return sampled(images, rng, (height, width) -> {
            double down = rng.nextInt(2 * most + 1) - most;
            double right = rng.nextInt(2 * most + 1) - most;
            return new Box(down, right, height, width);
        });
    }

    /// A part of at least `least` of the area and an aspect ratio of ¾ to ⁴⁄₃, made as large as the image by
    /// bilinear interpolation.
    static Tensor zoomed(Tensor images, double least, Rng rng) {
        return sampled(images, rng, (height, width) -> {
            for (int i = 0; i < TRIES; i++) {
                double area = (least + (1 - least) * rng.nextDouble()) * height * width;
                double ratio = Math.exp(Math.log(NARROWEST) * (2 * rng.nextDouble() - 1));
                double tall = Math.sqrt(area / ratio);
                double wide = Math.sqrt(area * ratio);
                if (tall <= height && wide <= width) {
                    return new Box((height - tall) * rng.nextDouble(), (width - wide) * rng.nextDouble(), tall, wide);
                }
            }
            return new Box(0, 0, height, width);
        });
    }

    /// A part of an image, in pixels.
    record Box(double top, double left, double height, double width) {}

    /// Chooses a part.
    interface Choice {
        Box of(int height, int width);
    }

    private static Tensor sampled(Tensor images, Rng rng, Choice choice) {
        if (images.rank() != 4) {
            return images;
        }
        int count = images.size(0);
        Box[] boxes = new Box[count];
        boolean[] mirrored = new boolean[count];
        for (int n = 0; n < count; n++) {
            boxes[n] = choice.of(images.size(2), images.size(3));
            mirrored[n] = rng.nextDouble() < .5;
        }
        return sampled(images, boxes, mirrored);
    }

    /// The parts, as large as the images.
    static Tensor sampled(Tensor images, Box[] boxes, boolean[] mirrored) {
        int count = images.size(0);
        int height = images.size(2);
        int width = images.size(3);
        int plane = height * width;
        long[][] places = new long[4][count * plane];
        double[][] weights = new double[4][count * plane];
        for (int n = 0; n < count; n++) {
            Box box = boxes[n];
            for (int i = 0; i < plane; i++) {
                int row = i / width;
                int column = mirrored[n] ? width - 1 - i % width : i % width;
                double y = inside(box.top() + (row + .5) * box.height() / height - .5, height);
                double x = inside(box.left() + (column + .5) * box.width() / width - .5, width);
                int up = (int) y;
                int left = (int) x;
                double down = y - up;
                double right = x - left;
                for (int corner = 0; corner < 4; corner++) {
                    int ownRow = Math.min(up + corner / 2, height - 1);
                    int ownColumn = Math.min(left + corner % 2, width - 1);
                    places[corner][n * plane + i] = (long) ownRow * width + ownColumn;
                    weights[corner][n * plane + i] =
                            (corner / 2 == 0 ? 1 - down : down) * (corner % 2 == 0 ? 1 - right : right);
                }
            }
        }
        Tensor pixels = images.flatten(2); // [B, C, H·W]
        Tensor total = corner(pixels, places[0], weights[0]);
        for (int corner = 1; corner < 4; corner++) {
            total = total.add(corner(pixels, places[corner], weights[corner]));
        }
        return total.reshape(images.shape());
    }

    private static double inside(double place, int extent) {
        return Math.clamp(place, 0, extent - 1);
    }

    private static Tensor corner(Tensor pixels, long[] places, double[] weights) {
        int count = pixels.size(0);
        int plane = pixels.size(2);
        Tensor index = Tensor.wrap(DType.I64, places, count, 1, plane)
                .to(pixels.device())
                .expand(count, pixels.size(1), plane)
                .contiguous();
        Tensor weight = Tensor.of(weights, count, 1, plane).to(pixels.dtype()).to(pixels.device());
        return pixels.gather(2, index).mul(weight);
    }
}
