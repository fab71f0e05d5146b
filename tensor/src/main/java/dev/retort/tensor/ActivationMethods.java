package dev.retort.tensor;

/// Activations of [Tensor] that are made of other methods, under PyTorch's names and with its defaults.
/// Where two pieces meet the gradient is PyTorch's too.
public sealed interface ActivationMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private Tensor asFloating() {
        return self().dtype().isFloating() ? self() : self().to(DType.F32);
    }

    /// x where x > 0, alpha · (e^(x/alpha) − 1) elsewhere (Barron, 2017, arXiv 1704.07483).
    ///
    /// @throws OpException if alpha is 0
    default Tensor celu(double alpha) {
        if (alpha == 0) {
            throw new OpException("celu: expects alpha other than 0, got 0");
        }
        Tensor x = asFloating();
        return alpha == 1
                ? x.elu(1)
                : Tensor.where(x.gt(0.0), x, below(x, alpha).div(alpha).expm1().mul(alpha));
    }

    /// The part of x that x/alpha < 0 needs, so that what is not chosen stays finite with its gradient.
    private static Tensor below(Tensor x, double alpha) {
        return alpha > 0 ? x.clampMax(0) : x;
    }

    /// scale · (x where x > 0, alpha · (eˣ − 1) elsewhere) with alpha = 1.6733 and scale = 1.0507
    /// (Klambauer et al., 2017, arXiv 1706.02515).
    default Tensor selu() {
        double alpha = 1.6732632423543772848170429916717; // with these mean 0 and variance 1 are a fixed point
        double scale = 1.0507009873554804934193349852946;
        return self().elu(alpha).mul(scale);
    }

    /// a · σ(b) for halves a and b along `dim` (Dauphin et al., 2016, arXiv 1612.08083).
    ///
    /// @throws OpException if the extent is odd
    default Tensor glu(int dim) {
        Tensor x = asFloating();
        if (x.rank() == 0 || x.size(dim) % 2 != 0) {
            throw new OpException("glu: expects an even extent along dim " + dim + ", got " + x.type());
        }
        int half = x.size(dim) / 2;
        return x.narrow(dim, 0, half).mul(x.narrow(dim, half, half).sigmoid());
    }

    /// min(max(x, min), max); unlike [Tensor#clamp] no gradient flows at the bounds themselves.
    ///
    /// @throws OpException if min > max
    default Tensor hardtanh(double min, double max) {
        if (!(min <= max)) {
            throw new OpException("hardtanh: expects min <= max, got " + min + " and " + max);
        }
        Tensor x = asFloating();
        Tensor outside = x.le(min).logicalOr(x.ge(max));
        return Tensor.where(outside, x.detach().clamp(min, max), x);
    }

    /// min(max(x, 0), 6).
    default Tensor relu6() {
        return hardtanh(0, 6);
    }

    /// x where |x| > lambda, 0 elsewhere.
    default Tensor hardshrink(double lambda) {
        Tensor x = asFloating();
        return x.maskedFill(x.abs().le(lambda), 0);
    }

    /// x − lambda where x > lambda, x + lambda where x < −lambda, 0 elsewhere.
    ///
    /// @throws OpException if lambda is negative
    default Tensor softshrink(double lambda) {
        if (!(lambda >= 0)) {
            throw new OpException("softshrink: expects lambda >= 0, got " + lambda);
        }
        Tensor x = asFloating();
        Tensor moved = Tensor.where(x.gt(0.0), x.sub(lambda), x.add(lambda));
        return moved.maskedFill(x.abs().le(lambda), 0);
    }

    /// x − tanh x.
    default Tensor tanhshrink() {
        return self().sub(self().tanh());
    }

    /// x / (1 + |x|) (Bergstra et al., 2009).
    default Tensor softsign() {
        Tensor x = asFloating();
        return x.div(x.abs().add(1.0));
    }

    /// ln(1 + e^(beta · x))/beta; the identity where beta · x > threshold, as PyTorch does against
    /// overflow.
    default Tensor softplus(double beta, double threshold) {
        Tensor x = asFloating();
        Tensor scaled = beta == 1 ? x : x.mul(beta);
        Tensor soft = scaled.softplus();
        return Tensor.where(scaled.gt(threshold), x, beta == 1 ? soft : soft.div(beta));
    }

    /// x where x > threshold, `value` elsewhere.
    default Tensor threshold(double threshold, double value) {
        Tensor x = self();
        return x.maskedFill(x.le(threshold), value);
    }

    /// Softmax of −x along `dim`: small elements get large shares.
    default Tensor softmin(int dim) {
        return self().neg().softmax(dim);
    }
}
