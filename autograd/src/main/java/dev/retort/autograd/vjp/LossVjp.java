package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.NonDifferentiable;
import org.jspecify.annotations.Nullable;

/// Gradients of [LossOp]. With p = softmax(z), g the gradient of each row's loss, w the class weights and ε the
/// smoothing:
///
/// ```
/// cross-entropy, class y          dz_c = g · ((1 − ε)·w_y·(p_c − [c = y]) + ε/C · (p_c·Σw − w_c)), 0 if ignored
/// cross-entropy, probabilities t  dz_c = g · (p_c·Σt − t_c),   dt_c = g · (lse − z_c)
/// ```
///
/// Those of element pairs are at the losses. One-pass kernels compute this; the composite serves class weights, the
/// log-sum-exp, and higher orders.
final class LossVjp {
    private LossVjp() {}

    static Rule of(LossOp op) {
        return switch (op) {
            case LossOp.CrossEntropy o ->
                Rule.fused(o, Saved.outputs(1), c -> c.inputs() == 2 || !c.needs(2), c -> classes(c, o));
            case LossOp.SoftCrossEntropy o ->
                Rule.fused(
                        o,
                        Saved.outputs(1),
                        c -> Engine.run(
                                new LossOp.SoftCrossEntropyBackward(), c.g(), c.input(0), c.input(1), c.output(1)));
            case LossOp.Pointwise o ->
                Rule.fused(
                        o,
                        Saved.NOTHING,
                        c -> Engine.run(new LossOp.PointwiseBackward(o), c.g(), c.input(0), c.input(1)));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    private static @Nullable Tensor[] classes(VjpContext c, LossOp.CrossEntropy op) {
        LossOp backward = new LossOp.CrossEntropyBackward(op.labelSmoothing(), op.ignoreIndex());
        @Nullable Tensor[] gradients = new Tensor[c.inputs()];
        gradients[0] = c.inputs() == 3
                ? Engine.one(backward, c.g(), c.input(0), c.input(1), c.output(1), c.input(2))
                : Engine.one(backward, c.g(), c.input(0), c.input(1), c.output(1));
        return gradients;
    }
}
