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

/// Sequence-level distillation: the teacher writes texts, and the student learns them as if they were
/// data.
///
/// ```
/// ŷ = what the teacher writes on from prompt x
/// L = (1/N) Σ_{tokens of ŷ} CE(ŷₜ, q(· | x, ŷ₁ … ŷₜ₋₁))
/// ```
///
/// The mode of the teacher's distribution over texts stands for the distribution; beam search finds it
/// better than greedy choice. Prompts are not learnt, the stop token is. The texts are written once,
/// before the first epoch.
///
/// Source: Kim and Rush, "Sequence-level knowledge distillation", 2016, arXiv 1606.07947 (beams of 5).
///
/// @param prompts beginnings
/// @param writing how the teacher writes
public record SequenceKd(Prompts prompts, Writing writing) implements DistillationMethod, DataFree {
    @Override
    public String name() {
        return "sequence-kd";
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("text", 1, new TokenLabelLoss(-1)));
    }

    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        return new WrittenTexts(prompts, writing, WrittenShare.fixed(0), teacher, rng);
    }
}
