package dev.retort.distill.method;

import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Steps made by hand, for tests of losses without networks.
final class Steps {
    private Steps() {}

    static StepBatch batch(long[] labels, int... indices) {
        return new StepBatch(List.of(Tensor.zeros(labels.length, 1)), Tensor.of(labels), indices);
    }

    static StepBatch batch(long... labels) {
        int[] indices = new int[labels.length];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = i;
        }
        return batch(labels, indices);
    }

    /// A step with student logits, teacher logits on the student's inputs, and the same as teacher
    /// labels.
    static Step of(StepBatch batch, Tensor student, Tensor teacher) {
        return new Step(
                batch,
                1,
                new Rng(0),
                List.of(List.of(Map.of(Tap.LOGITS, student))),
                List.of(Map.of(Tap.LOGITS, teacher)),
                teacher);
    }

    /// A step with a feature at one tap of each network.
    static Step features(StepBatch batch, Tap tap, Tensor student, Tensor teacher) {
        return new Step(
                batch, 1, new Rng(0), List.of(List.of(Map.of(tap, student))), List.of(Map.of(tap, teacher)), null);
    }

    /// A step with the logits of several students.
    static Step peers(StepBatch batch, Tensor... logits) {
        List<List<Map<Tap, Tensor>>> peers = new ArrayList<>();
        for (Tensor own : logits) {
            peers.add(List.of(Map.of(Tap.LOGITS, own)));
        }
        return new Step(batch, 1, new Rng(0), peers, List.of(), null);
    }
}
