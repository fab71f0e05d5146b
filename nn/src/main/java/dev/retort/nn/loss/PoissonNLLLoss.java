package dev.retort.nn.loss;

import dev.retort.tensor.Tensor;

/// Negative log-likelihood of counts y that are Poisson distributed: e^x − y·x of logarithms x of the
/// rates, or x − y·ln(x + eps) of the rates; counted by elements.
///
/// @param logInput whether the input is the logarithm of the rate
/// @param full     whether ln y! is added, in Stirling's approximation y·ln y − y + ½·ln(2πy) where y > 1
/// @param eps      keeps the logarithm of a rate finite
public record PoissonNLLLoss(boolean logInput, boolean full, double eps) {
    /// Logarithms of rates, without the constant, eps 1e-8.
    public PoissonNLLLoss() {
        this(true, false, 1e-8);
    }

    /// The loss of rates against counts.
    public Loss of(Tensor input, Tensor target) {
        return new Loss(each(input, target).sum(), input.numel());
    }

    /// One loss an element.
    public Tensor each(Tensor input, Tensor target) {
        PairLosses.sameShape("poisson_nll_loss", input, target);
        Tensor y = target.to(input.dtype());
        Tensor loss = logInput
                ? input.exp().sub(y.mul(input))
                : input.sub(y.mul(input.add(eps).log()));
        if (!full) {
            return loss;
        }
        Tensor large = y.clampMin(1);
        Tensor factorial = large.mul(large.log())
                .sub(large)
                .add(large.mul(2 * Math.PI).log().mul(0.5));
        return loss.add(factorial.maskedFill(y.le(1.0), 0));
    }
}
