package dev.retort.distill.method;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// The student-label mixing operator: what a teacher that errs as estimated would say if the student were
/// the truth.
///
/// ```
/// mix(f; α, k)ⱼ = α fⱼ + (1 − α)(1 − fⱼ) tⱼ / s        t = 1 on the teacher's k most probable classes, else 0
/// CE(y, m)      = −Σⱼ yⱼ ln mⱼ
/// ```
///
/// with s = k − 1 for [#NORMALISED] and s = 1 for [#RAW]. α, t and k are constants of the gradient
///
/// ```
/// ∂L/∂fⱼ = −(yⱼ/mⱼ)(α − (1 − α) tⱼ/s),   ∂L/∂z = f ⊙ (∂L/∂f − ⟨∂L/∂f, f⟩)
/// ```
///
/// The truth minimises the expected loss if α ≥ 1/k (normalised) or α ≥ ½ (raw); below that the optimum
/// puts mass on the wrong classes. With two classes both operators are the same.
///
/// Numerics: where tⱼ(1 − α) = 0 the logarithm is ln α + log-softmax, which at α = 1 is plain
/// cross-entropy; elsewhere mⱼ is clamped to at least 1e-7 first.
///
/// Source: Kontonis et al., "SLaM: Student-Label Mixing for Distillation with Unlabeled Examples", 2023,
/// arXiv 2302.03806, section 2 and remark B.1.
public enum Mixing {
    /// Without the division by k − 1, as in the paper's experiments. The mix does not sum to 1: it is no
    /// distribution.
    RAW,
    /// The exact forward model of the noise: with probability 1 − α a uniformly random wrong class of
    /// the list.
    NORMALISED;

    private static final double FLOOR = 1e-7;

    /// ln mix(softmax(logits); α, k).
    ///
    /// @param logits student logits [B, L]
    /// @param alpha  probability that the teacher's class is right, `[B]`
    /// @param listed 1 on the teacher's k most probable classes, else 0, [B, L]
    /// @return [B, L]
    public Tensor logMix(Tensor logits, Tensor alpha, Tensor listed) {
        DType dtype = logits.dtype();
        Tensor a = alpha.to(logits.device()).to(dtype).unsqueeze(1); // [B, 1]
        Tensor of = listed.to(logits.device()).to(dtype);
        Tensor share = of.mul(a.neg().add(1.0)); // [B, L]
        if (this == NORMALISED) {
            Tensor others = of.sum(true, 1).sub(1.0).clampMin(1); // k − 1, [B, 1]
            share = share.div(others);
        }
        Tensor logSoftmax = logits.logSoftmax(1);
        Tensor f = logSoftmax.exp();
        Tensor mixed = f.mul(a).add(f.neg().add(1.0).mul(share)).clampMin(FLOOR).log();
        Tensor scaled = logSoftmax.add(a.clampMin(FLOOR).log());
        return Tensor.where(share.eq(0.0), scaled, mixed);
    }

    /// −Σⱼ yⱼ ln mixⱼ of every row.
    ///
    /// @param labels the teacher's labels, one-hot or soft, or true labels in rows with α = 1; [B, L]
    /// @return `[B]`
    public Tensor crossEntropy(Tensor logits, Tensor labels, Tensor alpha, Tensor listed) {
        return logMix(logits, alpha, listed)
                .mul(labels.to(logits.dtype()))
                .sum(false, 1)
                .neg();
    }
}
