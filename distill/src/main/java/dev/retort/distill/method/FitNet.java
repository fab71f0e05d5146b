package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Objective;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Hints: a middle layer of the student, seen through a regressor, copies a middle layer of the teacher.
///
/// ```
/// L_hint = mean over all elements of (r(Fₛ) − Fₜ)²
/// JOINT:  L = w · L_hint + response terms
/// STAGED: first L_hint alone (trains the student up to the tap), then the response terms alone
/// ```
///
/// The regressor r ([HintRegressor]) has no activation, so that it can match negative values before one.
///
/// Source: Romero, Ballas, Kahou, Chassang, Gatta and Bengio, "FitNets: Hints for thin deep nets", 2015,
/// arXiv 1412.6550. The paper trains in stages; public re-implementations train jointly with w = 100.
///
/// @param student    features [B, D] or maps [B, C, H, W]
/// @param teacher    features [B, D] or maps [B, C, H, W]
/// @param hintWeight w, at least 0
/// @param order      jointly or one after the other
/// @param response   the terms on logits and labels
public record FitNet(Tap student, Tap teacher, double hintWeight, Order order, HintonKd response)
        implements DistillationMethod {
    /// When the hint is learnt.
    public enum Order {
        /// Together with the response.
        JOINT,
        /// Before the response, in a stage of its own with as many epochs.
        STAGED
    }

    /// Jointly with weight 100 and the true labels.
    public FitNet(Tap student, Tap teacher) {
        this(student, teacher, 100, Order.JOINT, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "fitnet";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        needs.addAll(hint().needs());
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.addAll(hint().terms(setup));
        return terms;
    }

    @Override
    public List<Stage> stages() {
        return switch (order) {
            case JOINT -> List.of(Stage.of(name(), this));
            case STAGED -> Stage.inTurn("hint", hint(), "response", response);
        };
    }

    private Hint hint() {
        return new Hint(student, teacher, hintWeight);
    }

    /// The hint alone.
    private record Hint(Tap student, Tap teacher, double weight) implements Objective {
        @Override
        public Set<Need> needs() {
            return Set.of(new Need.StudentTap(student), new Need.TeacherTap(teacher));
        }

        @Override
        public List<Term> terms(Setup setup) {
            HintRegressor regressor =
                    HintRegressor.between(setup.student(student), setup.teacher(teacher), setup.rng());
            return List.of(new Term("hint", weight, new HintLoss(student, teacher, regressor)));
        }
    }

    /// Mean squared error of the features: summed over samples, averaged over the elements of one.
    private record HintLoss(Tap student, Tap teacher, HintRegressor regressor) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor guess = regressor.call(step.student(student));
            Tensor wanted = step.teacher(teacher).to(guess.dtype());
            double elements = (double) guess.numel() / guess.size(0);
            return Engine.one(new LossOp.Mse(), guess, wanted).sum().mul(1 / elements);
        }

        @Override
        public Module adapters() {
            return regressor;
        }
    }
}
