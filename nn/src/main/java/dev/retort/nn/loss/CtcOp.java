package dev.retort.nn.loss;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CustomOp;

/// The losses `[N]` of [CTCLoss] from log-probabilities `[T, N, C]`.
///
/// @param inputLengths time steps of each sequence that count
/// @param labels       target of each sequence
/// @param blank        class of no label
/// @param zeroInfinity whether infinite losses count as 0
record CtcOp(int[] inputLengths, int[][] labels, int blank, boolean zeroInfinity) implements CustomOp {
    @Override
    public String name() {
        return "ctc_loss";
    }

    @Override
    public TensorType[] infer(TensorType[] in) {
        return new TensorType[] {in[0].with(Shape.of(labels.length))};
    }

    @Override
    public Tensor[] forward(Tensor[] in) {
        double[] x = in[0].to(DType.F64).toDoubles();
        double[] losses = new double[labels.length];
        for (int n = 0; n < losses.length; n++) {
            double loss = lattice(n, in[0]).loss(x);
            losses[n] = zeroInfinity && loss == Double.POSITIVE_INFINITY ? 0 : loss;
        }
        return new Tensor[] {like(losses, in[0], losses.length)};
    }

    @Override
    public Tensor[] vjp(Tensor[] in, Tensor[] out, Tensor[] g) {
        return new Tensor[] {Engine.one(new Gradient(this), in[0], g[0])};
    }

    private CtcLattice lattice(int n, Tensor x) {
        return new CtcLattice(inputLengths[n], labels[n], blank, n * x.size(2), x.size(1) * x.size(2));
    }

    private static Tensor like(double[] values, Tensor x, int... shape) {
        return Tensor.wrap(DType.F64, values, shape).to(x.dtype()).to(x.device());
    }

    /// Gradient of the log-probabilities from them and the gradients of the losses.
    record Gradient(CtcOp of) implements CustomOp {
        @Override
        public String name() {
            return "ctc_loss_backward";
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            return new TensorType[] {in[0]};
        }

        @Override
        public Tensor[] forward(Tensor[] in) {
            double[] x = in[0].to(DType.F64).toDoubles();
            double[] g = in[1].to(DType.F64).toDoubles();
            double[] dx = new double[x.length];
            for (int n = 0; n < g.length; n++) {
                of.lattice(n, in[0]).addGradient(x, g[n], of.zeroInfinity, dx);
            }
            return new Tensor[] {like(dx, in[0], in[0].shape().dims())};
        }

        @Override
        public Tensor[] vjp(Tensor[] in, Tensor[] out, Tensor[] g) {
            throw new OpException("ctc_loss_backward: has no derivative");
        }
    }
}
