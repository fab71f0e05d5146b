package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.feature.Tap;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Contrastive representation distillation: the student's embedding of a sample must be told from those
/// of other classes by its likeness to the teacher's embedding of the same sample, and the other way
/// round.
///
/// ```
/// v = embed(f)/‖embed(f)‖ for both networks;  mᵢ = memory of the other network's v for sample i
/// oₖ = exp(mₖ · v / τ),   P = o/Z,   Z = N · mean(o) of the first batch,   Pₙ = 1/N
/// loss = −[ ln P₊/(P₊ + K Pₙ) + Σ_{k=1..K} ln K Pₙ/(Pₖ + K Pₙ) ]      per sample and per network
/// mᵢ ← normalise(μ mᵢ + (1 − μ) vᵢ)                                    after the step
/// L = w · mean loss + response terms
/// ```
///
/// Negatives are samples of other classes, drawn anew for each sample and step, without repetition where
/// there are enough. A sample without a label counts to the teacher's class.
///
/// Both memories hold one row a sample of the transfer set and are saved in checkpoints, as is Z. One
/// product with the whole memory replaces the gather of K rows a sample, which at the usual K would be
/// half a gigabyte a step.
///
/// Source: Tian, Krishnan and Isola, "Contrastive representation distillation", 2020, arXiv 1910.10699,
/// and its public code for the constants.
///
/// @param student     features [B, …], flattened
/// @param teacher     features [B, …], flattened
/// @param weight      w, at least 0
/// @param dimension   size of the embeddings
/// @param negatives   K; at most what the classes allow
/// @param temperature τ, more than 0
/// @param momentum    μ, in [0, 1)
/// @param response    the terms on logits and labels beside it
public record Crd(
        Tap student,
        Tap teacher,
        double weight,
        int dimension,
        int negatives,
        double temperature,
        double momentum,
        HintonKd response)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public Crd {
        if (dimension < 1 || negatives < 1) {
            throw new IllegalArgumentException(
                    "crd: expected at least one dimension and one negative, got " + dimension + " and " + negatives);
        }
        if (!(temperature > 0) || !(momentum >= 0 && momentum < 1)) {
            throw new IllegalArgumentException("crd: expected a positive temperature and a momentum in [0, 1), got "
                    + temperature + " and " + momentum);
        }
    }

    /// Weight 0.8, 128 dimensions, 16,384 negatives, τ = 0.07, μ = 0.5, with the true labels beside it.
    public Crd(Tap student, Tap teacher) {
        this(student, teacher, 0.8, 128, 16384, 0.07, 0.5, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "crd";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        needs.add(new Need.StudentTap(student));
        needs.add(new Need.TeacherTap(teacher));
        needs.add(new Need.SampleIndices());
        needs.add(new Need.TeacherLabels());
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        Confidence said = Confidence.ofLogits(setup.requireTeacherLabels());
        long[] classes = setup.labels().clone();
        for (int i = 0; i < classes.length; i++) {
            classes[i] = classes[i] >= 0 ? classes[i] : said.top(i);
        }
        CrdMemory memory = new CrdMemory(
                setup.student(student).numel(), setup.teacher(teacher).numel(), dimension, classes.length, setup.rng());
        CrdNegatives drawn = new CrdNegatives(classes, setup.classes(), negatives);
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("crd", weight, new CrdLoss(this, memory, drawn)));
        return terms;
    }
}
