package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Term;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;

/// Multi-level logit distillation: probabilities at several temperatures, compared sample by sample, among the samples
/// of a batch, and among the classes.
///
/// ```
/// P = softmax(z/T) of a batch, [B, L]
/// L = CE(y, softmax(zₛ)) + Σ_T [ a · (T²/B) Σᵢ KL(Pₜ[i] ‖ Pₛ[i])
///                              + b · (1/B) ‖Pₜ Pₜᵀ − Pₛ Pₛᵀ‖² + c · (1/L) ‖Pₜᵀ Pₜ − Pₛᵀ Pₛ‖² ]
/// ```
///
/// The factor 1/L of the third part is the paper's. The second and third part are taken within one micro-batch
/// and averaged over micro-batches by their size: cutting a batch into several changes them, and the third grows
/// with the square of the micro-batch. The authors' code also leaves out samples and classes of which the teacher
/// is sure, on one of two differently augmented views; that is not in the paper's formula and not here.
///
/// Source: Jin, Wang and Lin, "Multi-level logit distillation", 2023 (CVPR).
///
/// @param temperatures   all T, each more than 0, at least one
/// @param instanceWeight a, at least 0
/// @param batchWeight    b, at least 0
/// @param classWeight    c, at least 0
public record Mlkd(List<Double> temperatures, double instanceWeight, double batchWeight, double classWeight)
        implements DistillationMethod {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no temperature, one is not positive, or a weight is negative or
    ///                                  not finite
    public Mlkd {
        temperatures = List.copyOf(temperatures);
        if (temperatures.isEmpty()) {
            throw new IllegalArgumentException("mlkd: expected at least one temperature, got none");
        }
        temperatures.forEach(temperature -> LogitLoss.requirePositive("mlkd", "temperature", temperature));
        LogitLoss.requireWeight("mlkd", "weight of instances", instanceWeight);
        LogitLoss.requireWeight("mlkd", "weight of batches", batchWeight);
        LogitLoss.requireWeight("mlkd", "weight of classes", classWeight);
    }

    /// T = 2, 3, 4, 5, 6 and weights of 1: the paper's.
    public Mlkd() {
        this(List.of(2.0, 3.0, 4.0, 5.0, 6.0), 1, 1, 1);
    }

    @Override
    public String name() {
        return "mlkd";
    }

    @Override
    public Set<Need> needs() {
        return LogitLoss.NEEDS;
    }

    @Override
    public List<Term> terms(Setup setup) {
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term(
                        "instance",
                        instanceWeight,
                        new LogitLoss((student, teacher, classes) -> instances(student, teacher))),
                new Term(
                        "batch",
                        batchWeight,
                        new LogitLoss((student, teacher, classes) -> summed(student, teacher, Mlkd::batch))),
                new Term(
                        "classes",
                        classWeight,
                        new LogitLoss((student, teacher, classes) -> summed(student, teacher, Mlkd::classes)
                                .mul((double) student.size(0) / student.size(1)))));
    }

    private Tensor instances(Tensor student, Tensor teacher) {
        Tensor total = student.zerosLike().sum();
        for (double temperature : temperatures) {
            total = total.add(HintonKd.divergence(student, teacher, temperature).sum());
        }
        return total;
    }

    private Tensor summed(Tensor student, Tensor teacher, BinaryOperator<Tensor> distance) {
        Tensor total = student.zerosLike().sum();
        for (double temperature : temperatures) {
            Tensor own = student.mul(1 / temperature).softmax(1);
            total = total.add(distance.apply(own, teacher.mul(1 / temperature).softmax(1)));
        }
        return total;
    }

    /// ‖Pₜ Pₜᵀ − Pₛ Pₛᵀ‖²: which samples are alike.
    ///
    /// @param student probabilities [B, L]
    /// @param teacher probabilities [B, L]
    public static Tensor batch(Tensor student, Tensor teacher) {
        return student.matmul(student.t())
                .sub(teacher.matmul(teacher.t()))
                .square()
                .sum();
    }

    /// ‖Pₜᵀ Pₜ − Pₛᵀ Pₛ‖²: which classes go together; arguments as in [#batch].
    public static Tensor classes(Tensor student, Tensor teacher) {
        return batch(student.t(), teacher.t());
    }
}
