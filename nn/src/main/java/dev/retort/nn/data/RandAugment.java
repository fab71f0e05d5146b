package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A few random image operations, all of one strength (Cubuk, Zoph, Shlens and Le, 2019, arXiv
/// 1909.13719).
///
/// Operations and their ranges are torchvision's: identity, shear, translation, rotation, brightness,
/// colour, contrast, sharpness, posterise, solarise, autocontrast, equalise; magnitude 0 … 30. Images
/// have values in [0, 1], so put it before [Normalize]. Geometry is by nearest neighbour with zeros
/// outside.
public final class RandAugment implements Transform {
    private static final int STEPS = 30;

    private final int operations;
    private final int magnitude;

    /// Two operations of magnitude 9.
    public RandAugment() {
        this(2, 9);
    }

    /// `operations` operations of `magnitude` in 0 … 30.
    public RandAugment(int operations, int magnitude) {
        if (operations < 0 || magnitude < 0 || magnitude > STEPS) {
            throw new OpException("rand augment: expects operations >= 0 and magnitude in [0, 30], got " + operations
                    + " and " + magnitude);
        }
        this.operations = operations;
        this.magnitude = magnitude;
    }

    private enum Operation {
        IDENTITY,
        SHEAR_X,
        SHEAR_Y,
        TRANSLATE_X,
        TRANSLATE_Y,
        ROTATE,
        BRIGHTNESS,
        COLOR,
        CONTRAST,
        SHARPNESS,
        POSTERIZE,
        SOLARIZE,
        AUTOCONTRAST,
        EQUALIZE
    }

    @Override
    public String text() {
        return "rand augment " + operations + " of " + magnitude;
    }

    @Override
    public Tensor apply(Tensor input, Rng rng) {
        Pixels image = Pixels.of("rand augment", input);
        for (int i = 0; i < operations; i++) {
            Operation operation = Operation.values()[rng.nextInt(Operation.values().length)];
            double sign = rng.nextInt(2) == 0 ? 1 : -1;
            image = run(operation, image, (double) magnitude / STEPS, sign);
        }
        return image.tensor();
    }

    /// @param strength in [0, 1]
    private static Pixels run(Operation operation, Pixels image, double strength, double sign) {
        double centreX = (image.width() - 1) / 2.0;
        double centreY = (image.height() - 1) / 2.0;
        return switch (operation) {
            case IDENTITY -> image;
            case SHEAR_X -> Geometry.affine(image, 1, sign * 0.3 * strength, 0, 1, 0, 0, 0, 0);
            case SHEAR_Y -> Geometry.affine(image, 1, 0, sign * 0.3 * strength, 1, 0, 0, 0, 0);
            case TRANSLATE_X -> Geometry.translate(image, (int) (sign * 150.0 / 331 * image.width() * strength), 0);
            case TRANSLATE_Y -> Geometry.translate(image, 0, (int) (sign * 150.0 / 331 * image.height() * strength));
            case ROTATE -> Geometry.rotate(image, Math.toRadians(sign * 30 * strength), centreX, centreY);
            case BRIGHTNESS -> Photometry.brightness(image, 1 + sign * 0.9 * strength);
            case COLOR -> Photometry.colour(image, 1 + sign * 0.9 * strength);
            case CONTRAST -> Photometry.contrast(image, 1 + sign * 0.9 * strength);
            case SHARPNESS -> Photometry.sharpness(image, 1 + sign * 0.9 * strength);
            case POSTERIZE -> Photometry.posterize(image, 8 - (int) Math.rint(4 * strength));
            case SOLARIZE -> Photometry.solarize(image, 1 - strength);
            case AUTOCONTRAST -> Photometry.autocontrast(image);
            case EQUALIZE -> Photometry.equalize(image);
        };
    }
}
