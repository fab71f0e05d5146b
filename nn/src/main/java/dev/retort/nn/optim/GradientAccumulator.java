package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.nn.loss.Loss;
import java.util.Collection;

/// Adds up the gradients of several small batches, so that one step sees their common mean.
///
/// Sums are differentiated and the division comes once at the end, so batches of different sizes weigh
/// as they should.
public final class GradientAccumulator {
    private final Collection<Parameter> parameters;
    private double count;
    private double sum;

    /// An accumulator for the parameters that the losses depend on.
    public GradientAccumulator(Collection<Parameter> parameters) {
        this.parameters = parameters;
    }

    /// Adds the gradients of a loss.
    public void add(Loss loss) {
        loss.sum().backward();
        count += loss.count();
        sum += loss.sum().item();
    }

    /// Divides the gradients by what was counted since the last call and returns the mean loss; call the
    /// optimiser next.
    public double finish() {
        double total = count;
        double mean = total == 0 ? 0 : sum / total;
        count = 0;
        sum = 0;
        if (total != 0) {
            Gradients.scale(parameters, 1 / total);
        }
        return mean;
    }
}
