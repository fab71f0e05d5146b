package dev.retort.distill.evaluate;

import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/// What a network says about labelled samples, beside the truth.
///
/// @param confidence class probabilities of each sample
/// @param labels     classes `[N]`
public record Predictions(Confidence confidence, long[] labels) {
    private static final int BATCH = 256;

    /// Checks that there is one label a sample.
    ///
    /// @throws IllegalArgumentException if not
    public Predictions {
        if (labels.length != confidence.size()) {
            throw new IllegalArgumentException(
                    "predictions: expected one label a sample, got " + labels.length + " for " + confidence.size());
        }
    }

    /// The predictions of a network in evaluation mode; its modes stay as they are.
    ///
    /// @param transform deterministic change of the inputs, such as a normalisation
    public static Predictions of(Layer network, Dataset data, Transform transform) {
        return of(logits(network, data, transform), data);
    }

    /// Predictions from logits [N, L] of the samples in order.
    public static Predictions of(Tensor logits, Dataset data) {
        long[] labels = new long[data.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = data.label(i);
        }
        return new Predictions(Confidence.ofLogits(logits), labels);
    }

    /// The logits [N, L] of a network in evaluation mode for all samples in order.
    public static Tensor logits(Layer network, Dataset data, Transform transform) {
        List<Tensor> parts = new ArrayList<>();
        for (Batch batch :
                new DataLoader(data, DataLoader.Config.evaluation(BATCH).withTransform(transform))) {
            Features.quietly(network, batch.inputs(), Set.of(Tap.LOGITS))
                    .values()
                    .forEach(logits -> parts.add(logits.to(Device.CPU)));
        }
        return Tensor.cat(0, parts.toArray(Tensor[]::new));
    }

    /// Number of samples.
    public int size() {
        return labels.length;
    }

    /// The most probable class of a sample.
    public int predicted(int sample) {
        return confidence.top(sample);
    }

    /// Whether the most probable class of a sample is its label.
    public boolean isCorrect(int sample) {
        return predicted(sample) == labels[sample];
    }

    /// Share of correct samples.
    public double accuracy() {
        return confidence.topAccuracy(labels, 1);
    }

    /// Share of samples with the same most probable class in both.
    ///
    /// @throws IllegalArgumentException if the numbers of samples differ
    public double agreement(Predictions other) {
        requireSameSize(other);
        return (double) (size() - disagreements(other).length) / size();
    }

    /// The samples whose most probable class differs.
    ///
    /// @throws IllegalArgumentException if the numbers of samples differ
    public int[] disagreements(Predictions other) {
        requireSameSize(other);
        return IntStream.range(0, size())
                .filter(i -> predicted(i) != other.predicted(i))
                .toArray();
    }

    private void requireSameSize(Predictions other) {
        if (size() != other.size()) {
            throw new IllegalArgumentException(
                    "predictions: expected the same samples, got " + size() + " and " + other.size());
        }
    }
}
