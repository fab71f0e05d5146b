package dev.retort.tensor.op;

import dev.retort.tensor.TensorType;

/// The only ops that write into existing storage: the first input(s) are changed in place, nothing is
/// returned, nothing is recorded. Storage versions rise, so a saved tensor that was overwritten is
/// noticed in backward.
///
/// Optimiser steps take (parameter, gradient, state …), all of one shape. Step counts start at 1.
public sealed interface UpdateOp extends Op, NonDifferentiable {
    /// Whether input number `input` is changed.
    default boolean writes(int input) {
        return input == 0;
    }

    private static TensorType[] same(UpdateOp op, TensorType[] in, int count) {
        Check.arity(op, in, count);
        Check.sameDType(op, in);
        Check.sameShape(op, in);
        return new TensorType[0];
    }

    /// Inputs (dst, src): dst ← src; src broadcasts and is converted to dst's dtype.
    record CopyInto() implements UpdateOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 2);
            Check.that(
                    dev.retort.tensor.Shape.broadcast(name(), in[0].shape(), in[1].shape())
                            .equals(in[0].shape()),
                    this,
                    "expects a source that broadcasts to the destination",
                    in);
            return new TensorType[0];
        }
    }

    /// Input (dst): dst ← value.
    record Fill(double value) implements UpdateOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return new TensorType[0];
        }
    }

    /// Input (dst): dst ← dst · factor.
    record Scale(double factor) implements UpdateOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 1);
        }
    }

    /// Inputs (dst, src): dst ← dst + alpha · src. Gradient accumulation.
    record AddScaled(double alpha) implements UpdateOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 2);
        }
    }

    /// Inputs (dst, src): dst ← dst + weight · (src − dst). Running statistics and weight averages.
    record Lerp(double weight) implements UpdateOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 2);
        }
    }

    /// Inputs (w, g) or (w, g, velocity b): g' = g + weightDecay·w; b ← momentum·b + (1 − dampening)·g'
    /// (b ← g' at step 1); d = b, or g' + momentum·b with nesterov; w ← w − lr·d.
    record SgdStep(double lr, double momentum, double dampening, double weightDecay, boolean nesterov, boolean first)
            implements UpdateOp {
        @Override
        public boolean writes(int input) {
            return input != 1; // all but the gradient
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, momentum == 0 ? 2 : 3);
        }
    }

    /// Inputs (w, g, m, v): Adam (Kingma and Ba, 2014, arXiv 1412.6980). m ← β1·m + (1−β1)·g, v ← β2·v +
    /// (1−β2)·g², w ← w − lr · (m/(1−β1ᵗ)) / (√(v/(1−β2ᵗ)) + eps). Weight decay: added to g, or with
    /// `decoupled` (AdamW, Loshchilov and Hutter, 2017, arXiv 1711.05101) w ← w·(1 − lr·weightDecay)
    /// first.
    record AdamStep(double lr, double beta1, double beta2, double eps, double weightDecay, boolean decoupled, long step)
            implements UpdateOp {
        @Override
        public boolean writes(int input) {
            return input != 1; // all but the gradient
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 4);
        }
    }

    /// Inputs (w, g, v) or (w, g, v, b): g' = g + weightDecay·w; v ← α·v + (1−α)·g'²; d = g'/(√v + eps);
    /// with momentum b ← momentum·b + d and w ← w − lr·b, else w ← w − lr·d (Tieleman and Hinton, 2012).
    record RmsPropStep(double lr, double alpha, double eps, double weightDecay, double momentum) implements UpdateOp {
        @Override
        public boolean writes(int input) {
            return input != 1; // all but the gradient
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, momentum == 0 ? 3 : 4);
        }
    }

    /// Inputs (w, g, s): g' = g + weightDecay·w; s ← s + g'²; w ← w − lr·g'/(√s + eps) (Duchi et al.,
    /// 2011).
    record AdagradStep(double lr, double eps, double weightDecay) implements UpdateOp {
        @Override
        public boolean writes(int input) {
            return input != 1; // all but the gradient
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 3);
        }
    }

    /// Inputs (w, g, m, v): LAMB (You et al., 2019, arXiv 1904.00962). Adam's bias-corrected direction
    /// d = m̂/(√v̂ + eps) + weightDecay·w; w ← w − lr · (‖w‖/‖d‖) · d, the ratio 1 where a norm is 0.
    record LambStep(double lr, double beta1, double beta2, double eps, double weightDecay, long step)
            implements UpdateOp {
        @Override
        public boolean writes(int input) {
            return input != 1; // all but the gradient
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 4);
        }
    }

    /// Inputs (w, g, m): Lion (Chen et al., 2023, arXiv 2302.06675). w ← w·(1 − lr·weightDecay) −
    /// lr·sign(β1·m + (1−β1)·g), then m ← β2·m + (1−β2)·g.
    record LionStep(double lr, double beta1, double beta2, double weightDecay) implements UpdateOp {
        @Override
        public boolean writes(int input) {
            return input != 1; // all but the gradient
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return same(this, in, 3);
        }
    }
}
