package dev.retort.nn.loss;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// ½·(ln v + (x − y)²/v) of means x, targets y and variances v, counted by elements (Nix and Weigend,
/// 1994).
///
/// Variances below eps count as eps; as in PyTorch their gradient is that of eps, so that they can grow
/// again.
///
/// @param full whether the constant ½·ln 2π is added
/// @param eps  least variance
public record GaussianNLLLoss(boolean full, double eps) {
    /// Checks the range.
    ///
    /// @throws OpException if eps is not positive
    public GaussianNLLLoss {
        if (!(eps > 0)) {
            throw new OpException("gaussian_nll_loss: expects eps > 0, got " + eps);
        }
    }

    /// Without the constant, eps 1e-6.
    public GaussianNLLLoss() {
        this(false, 1e-6);
    }

    /// The loss of means against targets.
    ///
    /// @param variance of the input's shape, or one that broadcasts to it
    public Loss of(Tensor input, Tensor target, Tensor variance) {
        return new Loss(each(input, target, variance).sum(), input.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor input, Tensor target, Tensor variance) {
        PairLosses.sameShape("gaussian_nll_loss", input, target);
        Shape shape = Shape.broadcast("gaussian_nll_loss", input.shape(), variance.shape());
        if (!shape.equals(input.shape())) {
            throw new OpException("gaussian_nll_loss: expects a variance that broadcasts to the input, got "
                    + input.type() + " and " + variance.type());
        }
        Tensor constant = variance.detach();
        Tensor v = variance.add(constant.clampMin(eps).sub(constant));
        Tensor loss = v.log().add(input.sub(target).square().div(v)).mul(0.5);
        return full ? loss.add(0.5 * Math.log(2 * Math.PI)) : loss;
    }
}
