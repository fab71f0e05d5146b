package dev.retort.distill.method;

import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which share of the texts the student writes, epoch by epoch; its state is in checkpoints.
abstract class WrittenShare extends Module {
    /// The share before an epoch, in [0, 1].
    ///
    /// @param epoch from 1
    abstract double before(int epoch, Layer student);

    /// Whether the teacher's texts are needed at all.
    abstract boolean needsTeacher();

    /// Always the same.
    static WrittenShare fixed(double share) {
        return new WrittenShare() {
            @Override
            double before(int epoch, Layer student) {
                return share;
            }

            @Override
            boolean needsTeacher() {
                return share < 1;
            }
        };
    }

    /// Grows whenever the student's loss on held-out texts of the teacher does: see [DistiLlm].
    static final class Adaptive extends WrittenShare {
        private static final int BATCH = 64;
        private static final TokenLabelLoss LOSS = new TokenLabelLoss(-1);

        private final WrittenTexts held;
        private final double step;
        private final double tolerance;
        private final Buffer share;
        private final Buffer loss;

        /// @param held the teacher's texts alone
        Adaptive(WrittenTexts held, double initial, double step, double tolerance) {
            this.held = held;
            this.step = step;
            this.tolerance = tolerance;
            child("held", held.state());
            share = buffer("share", Tensor.of(new double[] {initial}));
            loss = buffer("loss", Tensor.of(new double[] {Double.POSITIVE_INFINITY}));
        }

        @Override
        boolean needsTeacher() {
            return true;
        }

        @Override
        double before(int epoch, Layer student) {
            if (epoch == 1) {
                held.refresh(1, student);
            }
            double now = loss(student);
            double own = share.tensor().item();
            if (now > loss.tensor().item() + tolerance) {
                own = Math.min(1, own + step);
                share.tensor().copyFrom(Tensor.of(new double[] {own}));
            }
            loss.tensor().copyFrom(Tensor.of(new double[] {now}));
            return own;
        }

        /// Mean cross-entropy of the tokens that count.
        private double loss(Layer student) {
            double sum = 0;
            double count = 0;
            for (Batch batch : new DataLoader(held.data(), DataLoader.Config.evaluation(BATCH))) {
                StepBatch texts = new StepBatch(List.of(batch.inputs()), batch.targets(), batch.indices());
                Map<Tap, Tensor> seen = Features.quietly(student, batch.inputs(), Set.of(Tap.LOGITS));
                Step answers = new Step(texts, 1, new Rng(0), List.of(List.of(seen)), List.of(), null);
                sum += LOSS.sum(answers).to(DType.F64).item();
                count += LOSS.count(texts);
            }
            return sum / count;
        }
    }
}
