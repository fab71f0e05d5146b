package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Term;
import java.util.List;
import java.util.Set;

/// Self-training without a teacher: a student trained on the labels alone teaches a fresh one of its own kind.
///
/// ```
/// copy:    L = CE(y, softmax(z))
/// student: L = w_ce · CE(y, softmax(z)) + w_kd · T² · (1/N) Σᵢ KL(softmax(z_copy/T) ‖ softmax(z/T))
/// ```
///
/// Both stages have all epochs. The run's teacher, if there is one, is not asked. The authors' code averages the
/// divergence over classes too; here it is summed, so their weights are not comparable.
///
/// Source: Yuan, Tay, Li, Wang and Feng, "Revisiting knowledge distillation via label smoothing regularization",
/// 2020, arXiv 1909.11723 (Tf-KD self).
///
/// @param response how the student learns from the copy
public record TeacherFreeSelf(HintonKd response) implements DistillationMethod {
    /// T = 4, w_ce = 0.1, w_kd = 0.9, as in [HintonKd] (ours: the paper tunes them for each network).
    public TeacherFreeSelf() {
        this(new HintonKd());
    }

    @Override
    public String name() {
        return "tf-kd-self";
    }

    @Override
    public Set<Need> needs() {
        return response.needs();
    }

    @Override
    public List<Term> terms(Setup setup) {
        return response.terms(setup);
    }

    @Override
    public List<Stage> stages() {
        return List.of(
                Stage.of("copy", new LabelsOnly()),
                new Stage("student", response, Stage.Start.FRESH, Stage.Source.PREVIOUS_STUDENT, 1));
    }
}
