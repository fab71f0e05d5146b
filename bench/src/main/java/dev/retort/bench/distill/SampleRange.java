package dev.retort.bench.distill;

import dev.retort.bench.model.ImageShape;
import dev.retort.nn.data.Normalize;
import dev.retort.tensor.Shape;

/// What methods that make their own samples are told of the data: nothing but its shape, range and size.
///
/// @param sample   shape of one input
/// @param low      least value of an input, as networks see it
/// @param high     largest value
/// @param perEpoch samples that an epoch of other methods has
record SampleRange(Shape sample, double low, double high, int perEpoch) {
    /// Of no data in particular: enough to check options with.
    static final SampleRange ANY = new SampleRange(Shape.of(1, 8, 8), 0, 1, 2);

    /// That of pixels from 0 to 1 after a normalisation.
    static SampleRange of(ImageShape shape, Normalize normalize, int perEpoch) {
        double low = 0;
        double high = 0;
        for (int c = 0; c < shape.channels(); c++) {
            low = Math.min(low, -normalize.mean()[c] / normalize.std()[c]);
            high = Math.max(high, (1 - normalize.mean()[c]) / normalize.std()[c]);
        }
        return new SampleRange(
                Shape.of(shape.channels(), shape.height(), shape.width()), low, high, Math.max(2, perEpoch));
    }
}
