package dev.retort.distill;

import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Transform;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// The result of a distillation.
///
/// @param method      its name
/// @param students    the networks whose mean probabilities are the answer: one, or all generations of an
///                    ensemble
/// @param reports     every epoch of every stage, in order
/// @param preparation deterministic change of the inputs that the students expect
/// @param factory     makes a network of the students' architecture
public record Distilled(
        String method, List<Layer> students, List<EpochReport> reports, Transform preparation, NetworkFactory factory) {
    /// Fixed lists.
    public Distilled {
        students = List.copyOf(students);
        reports = List.copyOf(reports);
    }

    /// The student; of an ensemble the last one.
    public Layer student() {
        return students.getLast();
    }

    /// Logits [N, L] of all samples in order; of an ensemble the logarithm of the mean probabilities.
    public Tensor logits(Dataset data) {
        if (students.size() == 1) {
            return Predictions.logits(student(), data, preparation);
        }
        Tensor sum = null;
        for (Layer student : students) {
            Tensor probabilities =
                    Predictions.logits(student, data, preparation).softmax(1);
            sum = sum == null ? probabilities : sum.add(probabilities);
        }
        if (sum == null) {
            throw new IllegalStateException("distilled: expected at least one student, got none");
        }
        return sum.mul(1.0 / students.size()).clampMin(Float.MIN_NORMAL).log();
    }

    /// The predictions for labelled samples.
    public Predictions predict(Dataset data) {
        return Predictions.of(logits(data), data);
    }

    /// The student as a network of its own, in evaluation mode: newly made by the factory, with the
    /// trained weights and nothing else, and checked to say the same as the trained one on `inputs`
    /// (prepared), bit for bit. A student that existed before is given back itself.
    ///
    /// @throws IllegalStateException if it does not
    public Layer export(Tensor inputs) {
        Layer plain = factory.create(new Rng(0));
        plain.loadStateDict(student().stateDict());
        plain.eval();
        Tensor trained = Features.quietly(student(), inputs, Set.of(Tap.LOGITS)).get(Tap.LOGITS);
        Tensor exported = Features.quietly(plain, inputs, Set.of(Tap.LOGITS)).get(Tap.LOGITS);
        if (trained == null || exported == null || !Arrays.equals(trained.toFloats(), exported.toFloats())) {
            throw new IllegalStateException(
                    "export: expected a network that answers like the trained student, the factory made another one");
        }
        return plain;
    }
}
