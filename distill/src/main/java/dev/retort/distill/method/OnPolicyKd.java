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

/// Generalised, on-policy distillation (GKD): the student writes, and the teacher says at every token
/// what it would have written there; so the student learns from where its own mistakes lead.
///
/// ```
/// y ~ student(x) with probability λ, else ~ teacher(x)
/// L = (1/N) Σ_{tokens of y} D(p(· | x, y_{<t}), q(· | x, y_{<t}))
/// ```
///
/// No gradient goes through the writing, and the student's own tokens are never labels. N is the number
/// of tokens written in the texts of the whole step. The paper's student writes anew for every step;
/// here for every epoch, as it is at its start: few prompts make short epochs.
///
/// Source: Agarwal, Vieillard, Zhou, Stanczyk, Ramos, Geist and Bachem, "On-policy distillation of
/// language models: learning from self-generated mistakes", 2024, arXiv 2306.13649.
///
/// @param prompts      beginnings x
/// @param writing      how both write
/// @param studentShare λ in [0, 1]; 0 is supervised distillation on the teacher's texts
/// @param divergence   D
/// @param temperature  of both distributions in D, more than 0
public record OnPolicyKd(
        Prompts prompts, Writing writing, double studentShare, Divergence divergence, double temperature)
        implements DistillationMethod, DataFree {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the value out of range
    public OnPolicyKd {
        if (!(studentShare >= 0 && studentShare <= 1)) {
            throw new IllegalArgumentException("on-policy kd: expected a share in [0, 1], got " + studentShare);
        }
        if (!(temperature > 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException("on-policy kd: expected a positive temperature, got " + temperature);
        }
    }

    /// Half of the texts by the student, Jensen-Shannon with β = ½, temperature 1.
    public OnPolicyKd(Prompts prompts, Writing writing) {
        this(prompts, writing, .5, new Divergence.JensenShannon(), 1);
    }

    @Override
    public String name() {
        return "on-policy-kd";
    }

    private TokenKd response() {
        return new TokenKd(divergence, temperature, 0, 1, -1, 0);
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
        return new WrittenTexts(prompts, writing, WrittenShare.fixed(studentShare), teacher, rng);
    }
}
