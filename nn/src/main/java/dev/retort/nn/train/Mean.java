package dev.retort.nn.train;

import dev.retort.nn.loss.Loss;

/// A running weighted mean, such as the loss of an epoch.
public final class Mean {
    private double sum;
    private double weight;

    /// An empty mean.
    public Mean() {}

    /// Adds a loss by its sum and count. Reads the sum on the host.
    public void add(Loss loss) {
        sum += loss.sum().item();
        weight += loss.count();
    }

    /// Adds `value` with a weight.
    public void add(double value, double valueWeight) {
        sum += value * valueWeight;
        weight += valueWeight;
    }

    /// The mean so far, NaN if nothing was added.
    public double value() {
        return sum / weight;
    }
}
