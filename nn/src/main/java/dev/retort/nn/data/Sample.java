package dev.retort.nn.data;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// One example of a data set.
///
/// @param input  what the model sees: an image as `F32` `[C, H, W]` with values in [0, 1] (before
///               normalisation), a row of features as `F32` `[D]`, token ids as `I64` `[T]`
/// @param target what it should say: a class index as an `I64` scalar, or values as a floating tensor
public record Sample(Tensor input, Tensor target) {
    /// The class of an example without a label.
    public static final long UNLABELLED = -1;

    /// An image with a class; `pixels` (C · H · W, row-major) is not copied.
    public static Sample image(float[] pixels, int channels, int height, int width, long label) {
        return new Sample(
                Tensor.wrap(DType.F32, pixels, channels, height, width),
                Tensor.of(new long[] {label}).reshape(dev.retort.tensor.Shape.SCALAR));
    }

    /// A row of features with a class; `features` is not copied.
    public static Sample features(float[] features, long label) {
        return new Sample(
                Tensor.wrap(DType.F32, features),
                Tensor.of(new long[] {label}).reshape(dev.retort.tensor.Shape.SCALAR));
    }

    /// The class index; [#UNLABELLED] if there is none.
    ///
    /// @throws OpException if the target is not a class index
    public long label() {
        if (target.rank() != 0 || target.dtype().isFloating()) {
            throw new OpException("label: expects an integer scalar as target, got " + target.type());
        }
        return (long) target.item();
    }

    /// The same target with another input.
    public Sample withInput(Tensor newInput) {
        return new Sample(newInput, target);
    }
}
