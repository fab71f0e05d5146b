package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Distillation from a stronger teacher: the student's probabilities need to correlate with the teacher's, not to
/// equal them.
///
/// ```
/// p = softmax(z/τ),  ρ(a, b) = Pearson's correlation
/// L = CE(y, softmax(zₛ)) + τ² · β · (1/N) Σᵢ (1 − ρ(pₛ[i, :], pₜ[i, :]))
///                        + τ² · γ · (1/L) Σⱼ (1 − ρ(pₛ[:, j], pₜ[:, j]))
/// ```
///
/// The first relation is among the classes of a sample, the second among the samples of a class. Both are
/// invariant to a shift and a positive factor of either side. The second one's mean over classes is the paper's.
/// It is taken within one micro-batch, and micro-batches are averaged by their size: cutting a batch into several
/// changes it (a micro-batch of one sample has a constant loss and no gradient). Use large micro-batches.
///
/// Source: Huang, You, Wang, Qian and Xu, "Knowledge distillation from a stronger teacher", 2022, arXiv
/// 2205.10536.
///
/// @param temperature τ, more than 0
/// @param interWeight β, at least 0
/// @param intraWeight γ, at least 0
public record Dist(double temperature, double interWeight, double intraWeight) implements DistillationMethod {
    private static final double FLOOR = 1e-16;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if the temperature is not positive, or a weight is negative or not finite
    public Dist {
        LogitLoss.requirePositive("dist", "temperature", temperature);
        LogitLoss.requireWeight("dist", "weight of inter-class relations", interWeight);
        LogitLoss.requireWeight("dist", "weight of intra-class relations", intraWeight);
    }

    /// τ = 4, β = γ = 2: for CIFAR; ImageNet recipes have τ = 1.
    public Dist() {
        this(4, 2, 2);
    }

    @Override
    public String name() {
        return "dist";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        double scale = temperature * temperature;
        LogitLoss inter = new LogitLoss((student, teacher, classes) ->
                unlike(soft(student), soft(teacher), 1).mul(scale));
        LogitLoss intra = new LogitLoss((student, teacher, classes) ->
                unlike(soft(student), soft(teacher), 0).mul(scale * student.size(0) / student.size(1)));
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term("inter", interWeight, inter),
                new Term("intra", intraWeight, intra));
    }

    private Tensor soft(Tensor logits) {
        return logits.mul(1 / temperature).softmax(1);
    }

    /// 1 − ρ along one dimension of two matrices; 1 where one of them is constant.
    ///
    /// @param student [B, L]
    /// @param teacher [B, L]
    /// @param dim     1 for rows, 0 for columns
    /// @return `[B]` for rows, `[L]` for columns
    public static Tensor unlike(Tensor student, Tensor teacher, int dim) {
        return unit(student, dim).mul(unit(teacher, dim)).sum(false, dim).neg().add(1.0);
    }

    private static Tensor unit(Tensor x, int dim) {
        Tensor centred = x.sub(x.mean(true, dim));
        return centred.div(centred.square().sum(true, dim).clampMin(FLOOR).sqrt());
    }
}
