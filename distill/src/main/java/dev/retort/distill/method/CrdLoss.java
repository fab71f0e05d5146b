package dev.retort.distill.method;

import dev.retort.distill.LossTerm;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;

/// The loss of [Crd] with its state.
final class CrdLoss implements LossTerm {
    private static final double EPS = 1e-7;

    private final Crd config;
    private final CrdMemory memory;
    private final CrdNegatives negatives;
    /// Embeddings of scored micro-batches that are not in the memories yet.
    private final Map<Step, Tensor[]> scored = new IdentityHashMap<>();

    CrdLoss(Crd config, CrdMemory memory, CrdNegatives negatives) {
        this.config = config;
        this.memory = memory;
        this.negatives = negatives;
    }

    @Override
    public double count(StepBatch batch) {
        return batch.size();
    }

    @Override
    public Tensor sum(Step step) {
        Tensor student = memory.studentEmbedding(step.student(config.student()));
        Tensor teacher = memory.teacherEmbedding(step.teacher(config.teacher()));
        Tensor chosen = negatives.draw(step.batch().indices(), step.rng());
        scored.put(step, new Tensor[] {student.detach(), teacher.detach()});
        return direction(0, student, memory.teacherRows(), chosen)
                .add(direction(1, teacher, memory.studentRows(), chosen));
    }

    /// Sum over the batch for anchors [B, D] against the other network's memory [N, D].
    private Tensor direction(int number, Tensor anchors, Tensor rows, Tensor chosen) {
        Tensor o = anchors.matmul(rows.t())
                .gather(1, chosen)
                .mul(1 / config.temperature())
                .exp(); // [B, 1 + K]
        return noiseContrast(o.mul(1 / memory.normaliser(number, o)), memory.size());
    }

    /// −[ln P₊/(P₊ + K/N) + Σ ln (K/N)/(Pₖ + K/N)] summed over rows.
    ///
    /// @param p     [B, 1 + K], the positive in column 0
    /// @param total N
    static Tensor noiseContrast(Tensor p, int total) {
        int count = p.size(1) - 1;
        double noise = (double) count / total;
        Tensor positive = p.narrow(1, 0, 1);
        Tensor negative = p.narrow(1, 1, count);
        Tensor hit = positive.div(positive.add(noise + EPS)).log().sum();
        Tensor miss = negative.add(noise + EPS).log().neg().add(Math.log(noise)).sum();
        return hit.add(miss).neg();
    }

    @Override
    public Module adapters() {
        return memory;
    }

    @Override
    public void afterStep(Step step) {
        Tensor[] seen = scored.remove(step);
        if (seen != null) {
            memory.remember(step.batch().indices(), seen[0], seen[1], config.momentum());
        }
    }
}
