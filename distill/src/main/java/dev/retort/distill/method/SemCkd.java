package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Cross-layer distillation with semantic calibration: each student layer learns from all teacher layers,
/// as far as it attends to them, and attention is learnt for each sample.
///
/// ```
/// αᵢⱼ   = softmax_j( qᵢ · kⱼ )      qᵢ = embed(Fₛᵢ)/‖·‖,  kⱼ = embed(Fₜⱼ)/‖·‖
/// L_sem = (1/N) Σ_samples (1/S) Σᵢ Σⱼ αᵢⱼ · mean over elements of (Pᵢⱼ(Fₛᵢ) − Fₜⱼ)²
/// L     = w · L_sem + response terms
/// ```
///
/// P is 1 x 1, 3 x 3 and 1 x 1 convolutions through 2C channels with batch norms and ReLU between
/// ([SemanticMatch]); of two maps the larger is average-pooled to the extent of the smaller. The batch norms
/// see one micro-batch at a time, so cutting a batch into several changes the objective a little.
///
/// Source: Chen, Mei, Zhang, Wang, Wang, Feng and Chen, "Cross-layer distillation with semantic
/// calibration", 2021, arXiv 2012.03236, with w = 400 and plain distillation of weight 1 beside it. There the
/// embedding's input is a sample's row of the similarities of the whole batch, so that the network has the
/// batch size built in and can't take a ragged batch; here it is the means of the layer's channels, which
/// depend on the sample alone.
///
/// @param students layers with maps [B, C, H, W], at least one
/// @param teachers layers with maps [B, C, H, W], at least one; their number may be another
/// @param embedded size of q and k, at least 1
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record SemCkd(List<Tap> students, List<Tap> teachers, int embedded, double weight, HintonKd response)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a network has no layer, or a number is out of range
    public SemCkd {
        students = List.copyOf(students);
        teachers = List.copyOf(teachers);
        if (students.isEmpty() || teachers.isEmpty()) {
            throw new IllegalArgumentException("semckd: expected at least one layer of each network, got "
                    + students.size() + " and " + teachers.size());
        }
        if (embedded < 1) {
            throw new IllegalArgumentException("semckd: expected embeddings of at least 1 number, got " + embedded);
        }
        FeaturePairs.requireWeight("semckd", weight);
    }

    /// Embeddings of 16 numbers, weight 400; labels and the teacher at temperature 4 with weight 1 each.
    public SemCkd(List<Tap> students, List<Tap> teachers) {
        this(students, teachers, 16, 400, new HintonKd(4, 1, 1));
    }

    @Override
    public String name() {
        return "semckd";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        students.forEach(tap -> needs.add(new Need.StudentTap(tap)));
        teachers.forEach(tap -> needs.add(new Need.TeacherTap(tap)));
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Shape> own = students.stream().map(setup::student).toList();
        List<Shape> wanted = teachers.stream().map(setup::teacher).toList();
        for (Shape shape : List.of(own, wanted).stream().flatMap(List::stream).toList()) {
            if (shape.rank() != 3) {
                throw new IllegalArgumentException("semckd: expected maps [C, H, W] at all taps, got " + shape);
            }
        }
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("calibrated", weight, new Loss(new SemanticMatch(own, wanted, embedded, setup.rng()))));
        return terms;
    }

    /// Σ over samples of the mean over student layers of what their attention weighs.
    ///
    /// @param attention [B, S, T]
    /// @param errors    [B, S, T]
    public static Tensor calibrated(Tensor attention, Tensor errors) {
        return attention.mul(errors).sum().mul(1.0 / attention.size(1));
    }

    private final class Loss implements LossTerm {
        private final SemanticMatch match;

        Loss(SemanticMatch match) {
            this.match = match;
        }

        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            List<Tensor> own = students.stream().map(step::student).toList();
            List<Tensor> wanted = teachers.stream()
                    .map(tap -> step.teacher(tap).to(own.getFirst().dtype()))
                    .toList();
            return calibrated(match.attention(own, wanted), match.errors(own, wanted));
        }

        @Override
        public Module adapters() {
            return match;
        }
    }
}
