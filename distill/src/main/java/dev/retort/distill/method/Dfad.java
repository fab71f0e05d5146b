package dev.retort.distill.method;

import dev.retort.distill.DataFree;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.SampleSource;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// Data-free adversarial distillation: generator and student play for the distance of the logits.
///
/// ```
/// d(x)       = mean_k | zₛₖ(x) − zₜₖ(x) |
/// student:   minimises the mean of d over samples,   generator: maximises it
/// ```
///
/// The distance of logits, unlike a divergence, still has a gradient for the generator where the student
/// is nearly right. The mean is over classes as well: it is the paper's, for logits are no probabilities
/// that would sum to one. Five steps of the student for one of the generator. The teacher needs no batch
/// normalisation.
///
/// Source: Fang, Song, Shen, Wang, Chen and Song, "Data-free adversarial distillation", 2019, arXiv
/// 1912.11006.
///
/// @param synthesis how samples are made
public record Dfad(Synthesis synthesis) implements DistillationMethod, DataFree {
    @Override
    public String name() {
        return "dfad";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(Tap.LOGITS));
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(new Term("logits", 1, new StudentLoss()));
    }

    @Override
    public SampleSource source(Layer teacher, Rng rng) {
        return new GeneratedSamples(synthesis, new Adversary(), false, teacher, rng);
    }

    /// d of every row.
    ///
    /// @param studentLogits [B, L]
    /// @param teacherLogits [B, L]
    /// @return `[B]`
    public static Tensor difference(Tensor studentLogits, Tensor teacherLogits) {
        return studentLogits.sub(teacherLogits.to(studentLogits.dtype())).abs().mean(false, 1);
    }

    private record StudentLoss() implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            return difference(step.studentLogits(), step.teacherLogits()).sum();
        }
    }

    private record Adversary() implements GeneratorLoss {
        @Override
        public Set<Tap> taps() {
            return Set.of(Tap.LOGITS);
        }

        @Override
        public Tensor of(Map<Tap, Tensor> teacher, Supplier<Tensor> student) {
            Tensor logits = GeneratorLoss.require(teacher, Tap.LOGITS);
            return difference(student.get().to(logits.device()), logits).mean().neg();
        }
    }
}
