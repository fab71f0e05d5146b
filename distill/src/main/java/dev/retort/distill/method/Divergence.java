package dev.retort.distill.method;

import dev.retort.tensor.Tensor;

/// How far a student's distribution q is from a teacher's p, row by row over the last dimension.
///
/// | | |
/// | --- | --- |
/// | [ForwardKl] | KL(p ‖ q): covers all that the teacher does |
/// | [ReverseKl] | KL(q ‖ p): keeps to what the teacher does most |
/// | [JensenShannon] | β · KL(p ‖ m) + (1 − β) · KL(q ‖ m), m = β p + (1 − β) q |
/// | [SkewKl] | KL(p ‖ α p + (1 − α) q) |
/// | [SkewReverseKl] | KL(q ‖ α q + (1 − α) p) |
/// | [AlphaBeta] | between and beside forward and reverse |
/// | [TotalVariation] | ½ Σ \|p − q\| |
///
/// Numerics: everything is computed from log probabilities, clamped to at least −10⁴: a token that both
/// rule out by a logit of −∞ adds 0 and not NaN.
public sealed interface Divergence {
    /// Least log probability.
    double LEAST = -1e4;

    /// The divergence of every row, from log probabilities.
    ///
    /// @param student ln q [..., V]
    /// @param teacher ln p [..., V], same shape and dtype
    /// @return `[...]`
    Tensor ofLogs(Tensor student, Tensor teacher);

    /// The divergence of every row of softmax(z / T). There is no factor T²: only for the two plain
    /// divergences would it keep the gradient's size.
    ///
    /// @param studentLogits [..., V]
    /// @param teacherLogits [..., V]
    /// @return `[...]`
    /// @throws dev.retort.tensor.OpException if the shapes differ
    default Tensor rows(Tensor studentLogits, Tensor teacherLogits, double temperature) {
        return ofLogs(logs(studentLogits, temperature), logs(teacherLogits.to(studentLogits.dtype()), temperature));
    }

    private static Tensor logs(Tensor logits, double temperature) {
        return logits.mul(1 / temperature).logSoftmax(logits.rank() - 1).clampMin(LEAST);
    }

    /// KL(a ‖ b) of log probabilities.
    private static Tensor kl(Tensor a, Tensor b) {
        return a.exp().mul(a.sub(b)).sum(false, a.rank() - 1);
    }

    /// ln(w eᵃ + (1 − w) eᵇ), w in (0, 1).
    private static Tensor mixture(double w, Tensor a, Tensor b) {
        return a.add(Math.log(w)).logaddexp(b.add(Math.log1p(-w)));
    }

    /// A share in [0, 1).
    private static void check(String name, double alpha) {
        if (!(alpha >= 0 && alpha < 1)) {
            throw new IllegalArgumentException(name + ": expected a skew in [0, 1), got " + alpha);
        }
    }

    /// KL(p ‖ q), the divergence of word-level distillation.
    ///
    /// Source: Kim and Rush, "Sequence-level knowledge distillation", 2016, arXiv 1606.07947.
    record ForwardKl() implements Divergence {
        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            return kl(teacher, student);
        }
    }

    /// KL(q ‖ p).
    ///
    /// Source: Gu, Dong, Wei and Huang, "MiniLLM: Knowledge distillation of large language models",
    /// 2024, arXiv 2306.08543; here at every token, not as a reward of whole sequences.
    record ReverseKl() implements Divergence {
        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            return kl(student, teacher);
        }
    }

    /// The generalised Jensen-Shannon divergence. It vanishes towards both ends, where β⁻¹ of it becomes
    /// KL(p ‖ q) and (1 − β)⁻¹ of it KL(q ‖ p); as in the paper β = 0 and β = 1 stand for these two.
    ///
    /// Source: Agarwal, Vieillard, Zhou, Stanczyk, Ramos, Geist and Bachem, "On-policy distillation of
    /// language models: learning from self-generated mistakes", 2024, arXiv 2306.13649.
    ///
    /// @param beta β in [0, 1]
    record JensenShannon(double beta) implements Divergence {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if β is not in [0, 1]
        public JensenShannon {
            if (!(beta >= 0 && beta <= 1)) {
                throw new IllegalArgumentException("jensen-shannon: expected beta in [0, 1], got " + beta);
            }
        }

        /// β = ½.
        public JensenShannon() {
            this(.5);
        }

        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            if (beta == 0) {
                return kl(teacher, student);
            }
            if (beta == 1) {
                return kl(student, teacher);
            }
            Tensor middle = mixture(beta, teacher, student);
            return kl(teacher, middle).mul(beta).add(kl(student, middle).mul(1 - beta));
        }
    }

    /// KL(p ‖ α p + (1 − α) q): never more than −ln α.
    ///
    /// Source: Ko, Kim, Chen and Yun, "DistiLLM: Towards streamlined distillation for large language
    /// models", 2024, arXiv 2402.03898.
    ///
    /// @param alpha α in [0, 1)
    record SkewKl(double alpha) implements Divergence {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if α is not in [0, 1)
        public SkewKl {
            check("skew kl", alpha);
        }

        /// α = 0.1.
        public SkewKl() {
            this(.1);
        }

        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            return kl(teacher, alpha == 0 ? student : mixture(alpha, teacher, student));
        }
    }

    /// KL(q ‖ α q + (1 − α) p): never more than −ln α.
    ///
    /// Source: Ko et al. 2024, see [SkewKl].
    ///
    /// @param alpha α in [0, 1)
    record SkewReverseKl(double alpha) implements Divergence {
        /// Checks the range.
        ///
        /// @throws IllegalArgumentException if α is not in [0, 1)
        public SkewReverseKl {
            check("skew reverse kl", alpha);
        }

        /// α = 0.1.
        public SkewReverseKl() {
            this(.1);
        }

        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            return kl(student, alpha == 0 ? teacher : mixture(alpha, student, teacher));
        }
    }

    /// The α-β divergence: α weighs by the teacher's probabilities and β by the student's, for the ratio of both
    /// and for its size apart.
    ///
    /// ```
    /// D = −(1/αβ) Σ [ p^α q^β − α/(α+β) · p^(α+β) − β/(α+β) · q^(α+β) ]
    ///   = 1/(α+β) Σ sgn(r) [ p^α m^β φ(β) − m^α q^β φ(α) ]
    /// r = ln(p/q),  m = max(p, q),  φ(c) = (1 − e^(−c|r|))/c,  φ(0) = |r|
    /// ```
    ///
    /// α = 1, β = 0 is KL(p ‖ q), α = 0, β = 1 is KL(q ‖ p), α = β = 0 is ½ Σ r². The second form, which is what is
    /// computed, has these limits in it and no power that overflows. Negative parameters, which would be infinite
    /// where a probability is 0, are left out.
    ///
    /// Source: Wang et al., "ABKD: Pursuing a proper allocation of the probability mass in knowledge distillation
    /// via α-β-divergence", 2025, arXiv 2505.04560.
    ///
    /// @param alpha α, at least 0
    /// @param beta  β, at least 0
    record AlphaBeta(double alpha, double beta) implements Divergence {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException if one is negative or not finite
        public AlphaBeta {
            if (!(Math.min(alpha, beta) >= 0) || Double.isInfinite(alpha + beta)) {
                throw new IllegalArgumentException(
                        "alpha-beta: expected alpha and beta of at least 0, got " + alpha + " and " + beta);
            }
        }

        /// α = 0.2, β = 0.7, as for the language models of the paper.
        public AlphaBeta() {
            this(.2, .7);
        }

        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            Tensor r = teacher.sub(student);
            int last = student.rank() - 1;
            if (alpha + beta == 0) {
                return r.square().sum(false, last).mul(.5);
            }
            Tensor most = teacher.maximum(student);
            Tensor far = r.abs();
            Tensor more = teacher.mul(alpha).add(most.mul(beta)).exp().mul(reach(far, beta));
            Tensor less = most.mul(alpha).add(student.mul(beta)).exp().mul(reach(far, alpha));
            Tensor sign = r.detach().sign();
            return more.sub(less).mul(sign).sum(false, last).mul(1 / (alpha + beta));
        }

        /// φ.
        private static Tensor reach(Tensor far, double c) {
            return c == 0 ? far : far.mul(-c).expm1().mul(-1 / c);
        }
    }

    /// ½ Σ |p − q|, in [0, 1].
    ///
    /// Source: Wen, Li, Du and Mou, "f-Divergence minimization for sequence-level knowledge
    /// distillation", 2023, arXiv 2307.15190.
    record TotalVariation() implements Divergence {
        @Override
        public Tensor ofLogs(Tensor student, Tensor teacher) {
            return teacher.exp()
                    .sub(student.exp())
                    .abs()
                    .sum(false, student.rank() - 1)
                    .mul(.5);
        }
    }
}
