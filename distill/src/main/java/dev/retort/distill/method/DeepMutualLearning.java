package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Students that teach each other while they learn; there is no teacher.
///
/// ```
/// Lᵢ = CE(y, pᵢ) + w/(n − 1) · Σ_{j≠i} KL(pⱼ ‖ pᵢ)       pⱼ a constant, temperature 1
/// ```
///
/// All students take their step from the same forward passes, where the paper lets them take turns. The
/// first student is the result.
///
/// Source: Zhang, Xiang, Hospedales and Lu, "Deep mutual learning", 2018, arXiv 1706.00384.
///
/// @param students   how many, at least 2
/// @param peerWeight w, at least 0
public record DeepMutualLearning(int students, double peerWeight) implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there are fewer than two students
    public DeepMutualLearning {
        if (students < 2) {
            throw new IllegalArgumentException("deep mutual learning: expected at least 2 students, got " + students);
        }
    }

    /// Two students, w = 1.
    public DeepMutualLearning() {
        this(2, 1);
    }

    @Override
    public String name() {
        return "dml";
    }

    @Override
    public int peers() {
        return students;
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>();
        for (int i = 0; i < students; i++) {
            terms.add(new Term("label" + i, 1, new LabelLoss(i, 0)));
            terms.add(new Term("peer" + i, peerWeight, new PeerLoss(i, students)));
        }
        return terms;
    }

    /// Mean divergence of one student from the others.
    private record PeerLoss(int own, int students) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return (double) batch.size() * (students - 1);
        }

        @Override
        public Tensor sum(Step step) {
            Tensor logits = step.peerLogits(own);
            Tensor total = logits.zerosLike().sum();
            for (int other = 0; other < students; other++) {
                if (other != own) {
                    Tensor peer = step.peerLogits(other).detach();
                    total = total.add(HintonKd.divergence(logits, peer, 1).sum());
                }
            }
            return total;
        }
    }
}
