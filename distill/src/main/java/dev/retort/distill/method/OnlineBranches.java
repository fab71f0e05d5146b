package dev.retort.distill.method;

import dev.retort.distill.Architecture;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Online distillation of branches (ONE): behind a layer of the student further branches grow beside its own rest, and
/// all learn from their gated ensemble. There is no other teacher; the extra branches are dropped afterwards.
///
/// ```
/// z₀ = the student's logits,  zₖ = branchₖ(F),  F = the student's features at the split
/// g  = softmax(relu(norm(W · (mean over the map of F)))), a weight for each of the m branches
/// zₑ = Σₖ gₖ zₖ
/// L  = Σₖ CE(y, zₖ) + CE(y, zₑ) + w(epoch) · T² · Σₖ (1/N) Σᵢ KL(softmax(zₑ/T) ‖ softmax(zₖ/T))
/// w  = exp(−5 (1 − min(epoch/E, 1))²)
/// ```
///
/// In the last part zₑ is a constant. Samples without a label add that part alone. The gate's batch norm sees a
/// micro-batch. The paper also uses the ensemble itself; here the student is the result.
///
/// Source: Lan, Zhu and Gong, "Knowledge distillation by on-the-fly native ensemble", 2018, arXiv 1806.04606.
///
/// @param split       features [B, D] or maps [B, C, …] of the student
/// @param branch      networks that make logits [B, L] of the features: usually like the student's layers behind them
/// @param branches    m, the student's own included, at least 2
/// @param temperature T, more than 0
/// @param rampUp      E, at least 1
public record OnlineBranches(Tap split, Architecture branch, int branches, double temperature, int rampUp)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public OnlineBranches {
        if (branches < 2) {
            throw new IllegalArgumentException("one: expected at least 2 branches, got " + branches);
        }
        LogitLoss.requirePositive("one", "temperature", temperature);
        LogitLoss.requireEpochs("one", "ramp-up", rampUp);
    }

    /// Three branches, T = 3, 80 epochs of ramp-up: the paper's for CIFAR.
    public OnlineBranches(Tap split, Architecture branch) {
        this(split, branch, 3, 3, 80);
    }

    @Override
    public String name() {
        return "one";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.StudentTap(split));
    }

    @Override
    public List<Term> terms(Setup setup) {
        Branches own = new Branches(this, setup.student(split).dim(0), setup.rng());
        return List.of(new Term("label", 1, new LabelLoss()), new Term("branches", 1, new Loss(this, own)));
    }

    /// All branches but the student's own, and the gate.
    private static final class Branches extends Module {
        private final List<Layer> others = new ArrayList<>();
        private final Linear gate;
        private final BatchNorm norm;

        Branches(OnlineBranches method, int channels, Rng rng) {
            for (int k = 1; k < method.branches; k++) {
                others.add(child("branch" + k, method.branch.networks().create(rng.fork(k))));
            }
            gate = child("gate", new Linear(channels, method.branches, false, rng.fork(0)));
            norm = child("norm", new BatchNorm(method.branches));
        }

        /// g [B, m].
        Tensor gate(Tensor features) {
            Tensor pooled =
                    features.rank() == 2 ? features : features.flatten(2).mean(false, 2);
            return norm.call(gate.call(pooled)).relu().softmax(1);
        }
    }

    /// All of L for a batch but the student's own cross-entropy, summed over samples.
    ///
    /// @param logits zₖ, [B, m, L]
    /// @param gate   g, [B, m]
    /// @param labels `[B]`, −1 where unlabelled
    /// @param share  w
    static Tensor loss(Tensor logits, Tensor gate, Tensor labels, double temperature, double share) {
        Tensor ensemble = logits.mul(gate.unsqueeze(2)).sum(false, 1);
        Tensor total = LabelLoss.crossEntropy(ensemble, labels, 0).sum();
        Tensor taught = ensemble.detach();
        for (int k = 0; k < logits.size(1); k++) {
            Tensor own = logits.select(1, k);
            if (k > 0) {
                total = total.add(LabelLoss.crossEntropy(own, labels, 0).sum());
            }
            total = total.add(
                    HintonKd.divergence(own, taught, temperature).sum().mul(share));
        }
        return total;
    }

    private record Loss(OnlineBranches method, Branches own) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor features = step.student(method.split);
            List<Tensor> logits = new ArrayList<>(List.of(step.studentLogits()));
            own.others.forEach(branch -> logits.add(branch.call(features)));
            double share = Ramp.sigmoid(method.rampUp).at(step.epoch());
            return loss(
                    Tensor.stack(1, logits.toArray(Tensor[]::new)),
                    own.gate(features),
                    step.batch().labels(),
                    method.temperature,
                    share);
        }

        @Override
        public Module adapters() {
            return own;
        }
    }
}
