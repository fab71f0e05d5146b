package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Losses, unreduced: one value a row or an element. Sums, counts and means are taken by the caller, so
/// ragged batches and gradient accumulation are exact.
public sealed interface LossOp extends Op {
    /// Cross-entropy of logits with class indices.
    ///
    /// Inputs (logits `[N, C]`, classes `[N]` `I64` or `I32`) or (…, class weights `[C]`); results (loss
    /// `[N]`, logsumexp `[N]`). With smoothing ε: loss = (1 − ε)·w_y·(lse − z_y) + ε/C · Σ_c w_c·(lse −
    /// z_c); 0 in rows whose class is `ignoreIndex`. Classes outside [0, C) are an error.
    record CrossEntropy(double labelSmoothing, long ignoreIndex) implements LossOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2, 3);
            Check.floating(this, in[0]);
            Check.rank(this, in[0], 2);
            Check.indices(this, in[1]);
            Check.that(
                    in[1].shape().rank() == 1
                            && in[1].shape().dim(0) == in[0].shape().dim(0),
                    this,
                    "expects logits [N, C] and classes [N]",
                    in);
            Check.that(in[0].shape().dim(1) > 0, this, "expects at least one class", in);
            Check.that(
                    labelSmoothing >= 0 && labelSmoothing <= 1,
                    this,
                    "expects labelSmoothing in [0, 1], labelSmoothing = " + labelSmoothing,
                    in);
            if (in.length == 3) {
                Check.sameDType(this, in[0], in[2]);
                Check.shape(this, "class weights", in[2], in[0].shape().dim(1));
            }
            TensorType row = in[0].with(Shape.of(in[0].shape().dim(0)));
            return new TensorType[] {row, row};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor lse = in[0].logsumexp(true, 1); // [N, 1]
            Tensor nll = lse.sub(in[0]); // [N, C]
            if (in.length == 3) {
                nll = nll.mul(in[2]);
            }
            Tensor ignored = in[1].eq(ignoreIndex); // [N]
            Tensor classes = in[1].maskedFill(ignored, 0).unsqueeze(1);
            Tensor loss = nll.gather(1, classes).squeeze(1);
            if (labelSmoothing > 0) {
                loss = loss.mul(1 - labelSmoothing).add(nll.mean(false, 1).mul(labelSmoothing));
            }
            return new Tensor[] {loss.maskedFill(ignored, 0), lse.squeeze(1)};
        }
    }

    /// Inputs (gradLoss `[N]`, logits, classes, logsumexp `[N]`) or (…, class weights): gradient of the
    /// logits `[N, C]`.
    record CrossEntropyBackward(double labelSmoothing, long ignoreIndex) implements LossOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 4, 5);
            return one(in[1]);
        }
    }

    /// Cross-entropy of logits with class probabilities: inputs (logits [N, C], target [N, C]); results
    /// (loss `[N]` = Σ_c t_c · (lse − z_c), logsumexp `[N]`). Gradients flow to both inputs.
    record SoftCrossEntropy() implements LossOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.floating(this, in[0]);
            Check.rank(this, in[0], 2);
            Check.sameDType(this, in);
            Check.sameShape(this, in);
            Check.that(in[0].shape().dim(1) > 0, this, "expects at least one class", in);
            TensorType row = in[0].with(Shape.of(in[0].shape().dim(0)));
            return new TensorType[] {row, row};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor lse = in[0].logsumexp(true, 1);
            return new Tensor[] {lse.sub(in[0]).mul(in[1]).sum(false, 1), lse.squeeze(1)};
        }
    }

    /// Inputs (gradLoss `[N]`, logits, target, logsumexp `[N]`): gradients (of logits, of target).
    record SoftCrossEntropyBackward() implements LossOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 4);
            return new TensorType[] {in[1], in[2]};
        }
    }

    /// A loss of two tensors of one type, element by element.
    sealed interface Pointwise extends LossOp, Fused {
        @Override
        default TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.floating(this, in[0]);
            Check.sameDType(this, in);
            Check.sameShape(this, in);
            return one(in[0]);
        }
    }

    /// Kullback-Leibler divergence: inputs (log q, p): p·(ln p − log q), 0 where p = 0; with `logTarget`
    /// the second input is ln p: e^(ln p)·(ln p − log q).
    record KlDiv(boolean logTarget) implements Pointwise {
        @Override
        public Tensor[] composite(Tensor[] in) {
            if (logTarget) {
                return new Tensor[] {in[1].exp().mul(in[1].sub(in[0]))};
            }
            Tensor zero = in[1].eq(0);
            Tensor logP = in[1].maskedFill(zero, 1).log();
            return new Tensor[] {in[1].mul(logP.sub(in[0].maskedFill(zero, 0)))};
        }
    }

    /// (x − y)².
    record Mse() implements Pointwise {
        @Override
        public Tensor[] composite(Tensor[] in) {
            return new Tensor[] {in[0].sub(in[1]).square()};
        }
    }

    /// |x − y|.
    record L1() implements Pointwise {
        @Override
        public Tensor[] composite(Tensor[] in) {
            return new Tensor[] {in[0].sub(in[1]).abs()};
        }
    }

    /// ½(x − y)²/beta where |x − y| < beta, |x − y| − beta/2 elsewhere; beta > 0.
    record SmoothL1(double beta) implements Pointwise {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.that(beta > 0, this, "expects beta > 0, beta = " + beta, in);
            return Pointwise.super.infer(in);
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor d = in[0].sub(in[1]);
            Tensor a = d.abs();
            return new Tensor[] {Tensor.where(a.detach().lt(beta), d.square().mul(0.5 / beta), a.sub(beta / 2))};
        }
    }

    /// Binary cross-entropy of logits z with targets y in [0, 1]: max(z, 0) − z·y + ln(1 + e^(−|z|)).
    record BceWithLogits() implements Pointwise {
        @Override
        public Tensor[] composite(Tensor[] in) {
            return new Tensor[] {
                in[0].logSigmoid().neg().add(in[0].mul(in[1].neg().add(1)))
            };
        }
    }

    /// Gradients of a pointwise loss in one pass: inputs (gradLoss, x, y), results (gradient of x,
    /// gradient of y).
    record PointwiseBackward(Pointwise of) implements LossOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3);
            Check.sameShape(this, in);
            return new TensorType[] {in[1], in[2]};
        }

        @Override
        public String name() {
            return of.name() + "_backward";
        }
    }
}
