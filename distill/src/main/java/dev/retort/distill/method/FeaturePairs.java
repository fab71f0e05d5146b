package dev.retort.distill.method;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;

/// What methods that compare pairs of layers have in common.
final class FeaturePairs {
    private FeaturePairs() {}

    /// A copy of the pairs.
    ///
    /// @throws IllegalArgumentException if there are fewer than `least`
    static List<TapPair> require(String method, List<TapPair> pairs, int least) {
        if (pairs.size() < least) {
            throw new IllegalArgumentException(
                    method + ": expected at least " + least + " pairs of layers, got " + pairs.size());
        }
        return List.copyOf(pairs);
    }

    /// Checks the weight of a term.
    ///
    /// @throws IllegalArgumentException if it is negative or not finite
    static void requireWeight(String method, double weight) {
        LogitLoss.requireWeight(method, "weight", weight);
    }

    /// The taps of all pairs, and what the response needs.
    static Set<Need> needs(HintonKd response, List<TapPair> pairs) {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        for (TapPair pair : pairs) {
            needs.add(new Need.StudentTap(pair.student()));
            needs.add(new Need.TeacherTap(pair.teacher()));
        }
        return needs;
    }

    /// Checks that all pairs are of maps [B, C, H, W].
    ///
    /// @throws IllegalArgumentException naming the first that is not
    static void requireMaps(String method, Setup setup, List<TapPair> pairs) {
        for (TapPair pair : pairs) {
            Shape student = setup.student(pair.student());
            Shape teacher = setup.teacher(pair.teacher());
            if (student.rank() != 3 || teacher.rank() != 3) {
                throw new IllegalArgumentException(method + ": expected maps [C, H, W] at " + pair + ", got " + student
                        + " in the student and " + teacher + " in the teacher");
            }
        }
    }

    /// Maps as tall and wide as the smaller of the two: the larger one is average-pooled.
    static Tensor shrunkTo(Tensor other, Tensor maps) {
        int height = Math.min(maps.size(2), other.size(2));
        int width = Math.min(maps.size(3), other.size(3));
        return maps.size(2) == height && maps.size(3) == width ? maps : maps.adaptiveAvgPool2d(height, width);
    }

    /// A loss of two layers, summed over pairs of layers.
    ///
    /// @param pairs at least one
    /// @param order how many samples a summand relates: the sum over a batch is divided by B^order
    /// @param loss  sum over the samples, from the student's tensor and the teacher's
    record Loss(List<TapPair> pairs, int order, BinaryOperator<Tensor> loss) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return Math.pow(batch.size(), order);
        }

        @Override
        public Tensor sum(Step step) {
            Tensor total = of(step, pairs.getFirst());
            for (TapPair pair : pairs.subList(1, pairs.size())) {
                total = total.add(of(step, pair));
            }
            return total;
        }

        private Tensor of(Step step, TapPair pair) {
            Tensor own = step.student(pair.student());
            return loss.apply(own, step.teacher(pair.teacher()).to(own.dtype()));
        }
    }
}
