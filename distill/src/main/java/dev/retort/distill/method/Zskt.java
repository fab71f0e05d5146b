package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Zero-shot knowledge transfer: a generator looks for samples on which the student is wrong, and the
/// student learns from them until it is right.
///
/// ```
/// generator: − mean KL(softmax(zₜ) ‖ softmax(zₛ))
/// student:   mean KL(softmax(zₜ) ‖ softmax(zₛ)) + β · attention transfer between pairs of layers
/// ```
///
/// In a round the student sees the same samples again and again, made from one draw of noise. Attention
/// transfer is that of [AttentionTransfer] with p = 2. The teacher needs no batch normalisation.
///
/// Source: Micaelli and Storkey, "Zero-shot knowledge transfer via adversarial belief matching", 2019,
/// arXiv 1905.09768, with β = 250 and ten steps of the student for one of the generator. Its code averages
/// the divergence over classes too, so that there β weighs L times as much against it as here; it clips
/// gradients to a norm of 5 (for the student that is an option of the training), and the generator's
/// learning rate falls along a cosine; here it stays.
///
/// @param synthesis how samples are made
/// @param pairs     layers with maps [B, C, H, W] for attention transfer; none for none
/// @param attention β, at least 0
/// @param distance  how attentions are compared: the code's SQUARED or the paper's EUCLIDEAN
public record Zskt(Synthesis synthesis, List<TapPair> pairs, double attention, AttentionTransfer.Distance distance)
        implements DistillationMethod, DataFree {
    private static final HintonKd RESPONSE = new HintonKd(1, 0, 1);
    private static final int TURNS = 10;

    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if β is negative or not finite
    public Zskt {
        pairs = List.copyOf(pairs);
        FeaturePairs.requireWeight("zskt", attention);
    }

    /// β = 250, squared distances, ten steps of the student in a round.
    public Zskt(Synthesis synthesis, List<TapPair> pairs) {
        this(
                synthesis.withTurns(synthesis.batch(), synthesis.steps(), TURNS),
                pairs,
                250,
                AttentionTransfer.Distance.SQUARED);
    }

    @Override
    public String name() {
        return "zskt";
    }

    private DistillationMethod student() {
        return pairs.isEmpty() ? RESPONSE : new AttentionTransfer(pairs, 2, distance, attention, RESPONSE);
    }

    @Override
    public Set<Need> needs() {
        return student().needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return student().terms(setup);
    }

    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        return new GeneratedSamples(synthesis, new Loss(), true, teacher, rng);
    }

    private record Loss() implements GeneratorLoss {
        @Override
        public Set<Tap> taps() {
            return Set.of(Tap.LOGITS);
        }

        @Override
        public Tensor of(Map<Tap, Tensor> teacher, Supplier<Tensor> student) {
            return GeneratorLoss.disagreement(student.get(), GeneratorLoss.require(teacher, Tap.LOGITS));
        }
    }
}
