package dev.retort.bench.model;

import dev.retort.nn.data.Normalize;
import java.util.ArrayList;
import java.util.List;

/// (x − mean)/std per channel on values in [0, 1], as a model card writes it.
///
/// @param mean one a channel
/// @param std  one a channel, positive
public record Normalization(List<Float> mean, List<Float> std) {
    /// Fixed lists.
    public Normalization {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
    }

    /// What a transform does.
    public static Normalization of(Normalize transform) {
        return new Normalization(boxed(transform.mean()), boxed(transform.std()));
    }

    /// This as a transform of images.
    public Normalize toTransform() {
        return new Normalize(unboxed(mean), unboxed(std));
    }

    private static List<Float> boxed(float[] values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    private static float[] unboxed(List<Float> list) {
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = list.get(i);
        }
        return values;
    }
}
