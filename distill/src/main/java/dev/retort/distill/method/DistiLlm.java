package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import java.util.List;
import java.util.Set;

/// DistiLLM: a skewed divergence on texts of the teacher, and of the student only as far as it needs them.
///
/// ```
/// y ~ student(x) with probability φ, else ~ teacher(x)
/// L = (1/N) Σ_{tokens of y} D(p(· | x, y_{<t}), q(· | x, y_{<t}))
/// V = mean cross-entropy of the student on the teacher's texts for held-out prompts
/// before every epoch: φ ← min(1, φ + step) if V grew by more than ε since the epoch before
/// ```
///
/// A student whose loss on held-out texts grows has learnt the texts by heart; its own are then shown to it. V, φ
/// and all texts are in checkpoints. Public code compares V with what it was when φ last grew, which for a student
/// that starts untrained would be never. As in [OnPolicyKd] the student writes at the start of an epoch. The paper's
/// replay buffer, which uses a student's text several times, and its language-model term are not here.
///
/// Source: Ko, Kim, Chen and Yun, "DistiLLM: Towards streamlined distillation for large language models", 2024,
/// arXiv 2402.03898; the steps of φ as in its public code.
///
/// @param prompts    beginnings x
/// @param held       prompts that are not trained on
/// @param writing    how both write
/// @param initial    φ of the first epoch, in [0, 1]
/// @param step       how much φ grows, in (0, 1]
/// @param tolerance  ε, at least 0
/// @param divergence D
public record DistiLlm(
        Prompts prompts,
        Prompts held,
        Writing writing,
        double initial,
        double step,
        double tolerance,
        Divergence divergence)
        implements DistillationMethod, DataFree {
    private static final int HELD = 1 << 20;

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value out of range
    public DistiLlm {
        if (!(initial >= 0 && initial <= 1)) {
            throw new IllegalArgumentException("distillm: expected an initial share in [0, 1], got " + initial);
        }
        if (!(step > 0 && step <= 1)) {
            throw new IllegalArgumentException("distillm: expected a step in (0, 1], got " + step);
        }
        LogitLoss.requireWeight("distillm", "tolerance", tolerance);
    }

    /// φ from 0 in steps of 0.1, ε = 0.1, D = skew KL with α = 0.1.
    public DistiLlm(Prompts prompts, Prompts held, Writing writing) {
        this(prompts, held, writing, 0, .1, .1, new Divergence.SkewKl());
    }

    @Override
    public String name() {
        return "distillm";
    }

    private TokenKd response() {
        return new TokenKd(divergence);
    }

    @Override
    public Set<Need> needs() {
        return response().needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return response().terms(setup);
    }

    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        WrittenTexts texts = new WrittenTexts(held, writing, WrittenShare.fixed(0), teacher, rng.fork(HELD));
        return new WrittenTexts(
                prompts, writing, new WrittenShare.Adaptive(texts, initial, step, tolerance), teacher, rng);
    }
}
