package dev.retort.distill.method;

import dev.retort.distill.Architecture;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.teacher.TeacherEnsemble;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Densely guided distillation: assistants and student each learn from the teacher and from all larger assistants.
///
/// ```
/// L = w_ce · CE(y, softmax(zₛ)) + w_kd · T² · (1/K) Σₖ bₖ · (1/N) Σᵢ KL(softmax(zₖ/T) ‖ softmax(zₛ/T))
/// k: the teacher and the assistants so far, K of them;  bₖ = 1 with probability p, else 0
/// ```
///
/// The paper's loss is K times this; the mean keeps the learning rate's meaning from stage to stage. Its random
/// dropping of guides is for every mini-batch, here for every micro-batch, with at least one guide left (ours), so
/// a single one always stays. Nothing is divided by p.
///
/// Source: Son, Na, Choi and Hwang, "Densely guided knowledge distillation using multiple teacher assistants", 2021,
/// arXiv 2009.08825.
///
/// @param assistants    from large to small, at least one
/// @param temperature   T, more than 0
/// @param labelWeight   w_ce, at least 0
/// @param teacherWeight w_kd, more than 0
/// @param survival      p, in (0, 1]
public record Dgkd(
        List<Architecture> assistants, double temperature, double labelWeight, double teacherWeight, double survival)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no assistant, two have one name, or a number is out of range
    public Dgkd {
        assistants = Assistants.require("dgkd", assistants);
        LogitLoss.requirePositive("dgkd", "temperature", temperature);
        LogitLoss.requireWeight("dgkd", "label weight", labelWeight);
        LogitLoss.requirePositive("dgkd", "teacher weight", teacherWeight);
        if (!(survival > 0 && survival <= 1)) {
            throw new IllegalArgumentException("dgkd: expected a survival in (0, 1], got " + survival);
        }
    }

    /// T = 4, w_ce = 0.1, w_kd = 0.9 as in [HintonKd], p = 0.75 (ours).
    public Dgkd(List<Architecture> assistants) {
        this(assistants, 4, 0.1, 0.9, 0.75);
    }

    @Override
    public String name() {
        return "dgkd";
    }

    @Override
    public Set<Need> needs() {
        return Set.of(new Need.TeacherTap(TeacherEnsemble.EACH));
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(
                new Term("label", labelWeight, new LabelLoss()),
                new Term("guides", teacherWeight, new Guides(temperature, survival)));
    }

    @Override
    public List<Stage> stages() {
        return Assistants.stages(assistants, this, Stage.Source.GIVEN_AND_STUDENTS, Stage.Source.GIVEN_AND_STUDENTS);
    }

    /// Which of several guides stay: each with probability `survival`, at least one.
    static boolean[] staying(int guides, double survival, Rng rng) {
        boolean[] stays = new boolean[guides];
        boolean any = false;
        for (int k = 0; k < guides; k++) {
            stays[k] = rng.nextDouble() < survival;
            any |= stays[k];
        }
        if (!any) {
            stays[rng.nextInt(guides)] = true;
        }
        return stays;
    }

    private record Guides(double temperature, double survival) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor student = step.studentLogits();
            Tensor guides = step.teacher(TeacherEnsemble.EACH);
            int count = guides.size(1);
            boolean[] stays = staying(count, survival, step.rng());
            Tensor total = student.zerosLike().sum();
            for (int k = 0; k < count; k++) {
                if (stays[k]) {
                    total = total.add(HintonKd.divergence(student, guides.select(1, k), temperature)
                            .sum());
                }
            }
            return total.mul(1.0 / count);
        }
    }
}
