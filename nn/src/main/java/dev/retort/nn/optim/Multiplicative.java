package dev.retort.nn.optim;

import java.util.function.LongToDoubleFunction;

/// PyTorch's MultiplicativeLR: the product of a factor of each step from 1 on. Asking for one step after
/// the other takes one factor each.
public final class Multiplicative implements Schedule {
    private final LongToDoubleFunction factors;
    private long last;
    private double product = 1;

    /// A product of `factors`, of step 1, step 2, …
    public Multiplicative(LongToDoubleFunction factors) {
        this.factors = factors;
    }

    @Override
    public synchronized double factor(long step) {
        if (step < last) {
            last = 0;
            product = 1;
        }
        while (last < step) {
            product *= factors.applyAsDouble(++last);
        }
        return product;
    }
}
