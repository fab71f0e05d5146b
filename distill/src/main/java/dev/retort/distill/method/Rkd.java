package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;

/// Relational knowledge distillation: the student copies distances between samples, and angles among
/// three, not features.
///
/// ```
/// dᵢⱼ  = ‖xᵢ − xⱼ‖ / mean_{i≠j} ‖xᵢ − xⱼ‖          L_D = mean_{i,j}   smoothL1(dˢᵢⱼ − dᵗᵢⱼ)
/// aᵢⱼₖ = cos(xⱼ − xᵢ, xₖ − xᵢ)                      L_A = mean_{i,j,k} smoothL1(aˢᵢⱼₖ − aᵗᵢⱼₖ)
/// L    = w_D · L_D + w_A · L_A + response terms
/// ```
///
/// Means run over all B² pairs and B³ triples, diagonals (which are 0) included. Both are invariant to
/// shifts, rotations and scale of the features, and the feature sizes of teacher and student may differ.
/// The relations are those within one micro-batch: cutting a batch into several changes the objective.
///
/// Numerics: squared distances are clamped to at least 1e-12 before the root and the diagonal is set to 0
/// after it, so gradients stay finite for equal samples. The angle needs B² · D and B³ numbers.
///
/// Source: Park, Kim, Lu and Cho, "Relational knowledge distillation", 2019, arXiv 1904.05068.
///
/// @param student        features [B, …], flattened
/// @param teacher        features [B, …], flattened
/// @param distanceWeight w_D, at least 0
/// @param angleWeight    w_A, at least 0
/// @param response       the terms on logits and labels beside it
public record Rkd(Tap student, Tap teacher, double distanceWeight, double angleWeight, HintonKd response)
        implements DistillationMethod {
    private static final double FLOOR = 1e-12;

    /// Weights 25 and 50, with the true labels beside them.
    public Rkd(Tap student, Tap teacher) {
        this(student, teacher, 25, 50, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "rkd";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        needs.add(new Need.StudentTap(student));
        needs.add(new Need.TeacherTap(teacher));
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("distance", distanceWeight, new RelationLoss(2, Rkd::distanceLoss)));
        terms.add(new Term("angle", angleWeight, new RelationLoss(3, Rkd::angleLoss)));
        return terms;
    }

    /// Sum of smooth L1 over all pairs of normalised distances.
    ///
    /// @param student [B, Ds]
    /// @param teacher [B, Dt]
    public static Tensor distanceLoss(Tensor student, Tensor teacher) {
        return smoothL1(distances(student), distances(teacher));
    }

    /// Sum of smooth L1 over all triples of cosines.
    ///
    /// @param student [B, Ds]
    /// @param teacher [B, Dt]
    public static Tensor angleLoss(Tensor student, Tensor teacher) {
        return smoothL1(cosines(student), cosines(teacher));
    }

    private static Tensor smoothL1(Tensor student, Tensor teacher) {
        return Engine.one(new LossOp.SmoothL1(1), student, teacher.to(student.dtype()))
                .sum();
    }

    /// Euclidean distances [B, B], divided by their mean off the diagonal.
    private static Tensor distances(Tensor x) {
        int count = x.size(0);
        Tensor square = x.square().sum(true, 1); // [B, 1]
        Tensor cross = x.matmul(x.t()); // [B, B]
        Tensor squared = square.add(square.t()).sub(cross.mul(2.0)).clampMin(FLOOR);
        Tensor diagonal = Tensor.eye(DType.F32, count, count).to(DType.BOOL).to(x.device());
        Tensor distance = squared.sqrt().maskedFill(diagonal, 0);
        double pairs = Math.max(1, (double) count * (count - 1));
        return distance.div(distance.sum().mul(1 / pairs).clampMin(FLOOR));
    }

    /// Cosines [B, B, B] at each sample between the directions to two others; 0 where a direction has no
    /// length.
    private static Tensor cosines(Tensor x) {
        Tensor difference = x.unsqueeze(0).sub(x.unsqueeze(1)); // [apex, other, D]
        Tensor length = difference.square().sum(true, 2).clampMin(FLOOR * FLOOR).sqrt();
        Tensor direction = difference.div(length);
        return direction.matmul(direction.transpose(1, 2));
    }

    /// One of the two losses; `order` samples make a relation.
    private final class RelationLoss implements LossTerm {
        private final int order;
        private final BinaryOperator<Tensor> loss;

        RelationLoss(int order, BinaryOperator<Tensor> loss) {
            this.order = order;
            this.loss = loss;
        }

        @Override
        public double count(StepBatch batch) {
            return Math.pow(batch.size(), order);
        }

        @Override
        public Tensor sum(Step step) {
            return loss.apply(
                    step.student(student).flatten(1), step.teacher(teacher).flatten(1));
        }
    }
}
