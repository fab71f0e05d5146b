package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.GradientRule;

/// Distillation-oriented trainer: the gradients of the labels and of distillation have a momentum each, and that of
/// distillation lasts longer.
///
/// ```
/// v_task ← (m − Δ) v_task + g_task + λ w,   v_kd ← (m + Δ) v_kd + g_kd,   w ← w − lr (v_task + v_kd)
/// ```
///
/// Parameters that only one of the two reaches have the momentum m. This makes the direction v_task + v_kd; the
/// training's optimiser should be plain [dev.retort.distill.OptimizerChoice.Sgd], without momentum and weight decay,
/// which are here. A step has two backward passes.
///
/// Source: Zhao, Cui, Song and Liang, "DOT: A distillation-oriented trainer", 2023, arXiv 2307.08436.
///
/// @param method      of one run, with a term on labels and others
/// @param momentum    m, in [0, 1)
/// @param delta       Δ, at least 0, at most m, with m + Δ below 1
/// @param weightDecay λ, at least 0
public record Dot(DistillationMethod method, double momentum, double delta, double weightDecay) implements Around {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if a number is out of range, or the method has several runs or a rule of
    ///                                  its own
    public Dot {
        if (!Around.fits(method)) {
            throw new IllegalArgumentException("dot: expected a method of one run, got " + method);
        }
        Momenta.requireMomenta("dot", momentum, delta);
        LogitLoss.requireWeight("dot", "weight decay", weightDecay);
    }

    /// m = 0.9, Δ = 0.075, λ = 5e-4: the paper's for CIFAR.
    public Dot(DistillationMethod method) {
        this(method, 0.9, 0.075, 5e-4);
    }

    @Override
    public String name() {
        return "dot-" + method.name();
    }

    @Override
    public GradientRule gradients() {
        return new Momenta(
                new double[] {momentum - delta, momentum + delta},
                momentum,
                weightDecay,
                term -> Around.onLabels(term) ? 0 : 1);
    }
}
