package dev.retort.autograd;

import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Central differences of the weighted outputs of a function.
final class Differences {
    private final GradCheck check;
    private final UnaryOperator<Tensor[]> function;
    private final double[][] weights;

    Differences(GradCheck check, UnaryOperator<Tensor[]> function, Tensor[] weights) {
        this.check = check;
        this.function = function;
        this.weights = new double[weights.length][];
        for (int k = 0; k < weights.length; k++) {
            this.weights[k] = weights[k].dtype().isFloating() ? weights[k].toDoubles() : new double[0];
        }
    }

    static Tensor[] evaluate(UnaryOperator<Tensor[]> function, Tensor[] inputs) {
        Tensor[] constants = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            constants[i] = inputs[i].detach();
        }
        try (GradScope _ = Autograd.noGrad()) {
            return function.apply(constants);
        }
    }

    /// Compares the gradient of input `i` (null: zero) with differences.
    GradCheck.Report compare(String where, int i, Tensor[] inputs, @Nullable Tensor gradient, String way) {
        if (gradient != null && !gradient.type().equals(inputs[i].type())) {
            return GradCheck.Report.failed(
                    where + "the gradient of input " + i + " " + inputs[i].type() + " is " + gradient.type());
        }
        double[] x = inputs[i].toDoubles();
        double[] analytic = gradient == null ? new double[x.length] : gradient.toDoubles();
        GradCheck.Report worst = new GradCheck.Report(true, where + "all elements agree", 0);
        for (int e : elements(x.length)) {
            double numeric = difference(inputs, i, x, e);
            double scale = Math.max(Math.abs(analytic[e]), Math.abs(numeric));
            double error = Math.abs(analytic[e] - numeric) / (check.absolute() + check.relative() * scale);
            if (!(error <= worst.worstError())) {
                worst = new GradCheck.Report(
                        error <= 1,
                        where + "input " + i + " " + inputs[i].type() + ", element " + e + " (x = " + x[e]
                                + "): gradient " + analytic[e] + (gradient == null ? " (none flows)" : "") + " " + way
                                + ", difference quotient " + numeric,
                        Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
            }
        }
        return worst;
    }

    private int[] elements(int count) {
        int[] all = new Rng(check.seed()).permutation(count);
        return check.maxSamples() > 0 && count > check.maxSamples()
                ? java.util.Arrays.copyOf(all, check.maxSamples())
                : all;
    }

    /// Outputs are subtracted before they are weighted and summed, which keeps rounding errors small.
    private double difference(Tensor[] inputs, int i, double[] x, int e) {
        double h = check.step() * Math.max(1, Math.abs(x[e]));
        Tensor[] above = evaluate(function, moved(inputs, i, x, e, x[e] + h));
        Tensor[] below = evaluate(function, moved(inputs, i, x, e, x[e] - h));
        double sum = 0;
        for (int k = 0; k < weights.length; k++) {
            if (weights[k].length > 0) {
                double[] high = above[k].toDoubles();
                double[] low = below[k].toDoubles();
                for (int n = 0; n < high.length; n++) {
                    // equal infinities do not change
                    sum += high[n] == low[n] ? 0 : weights[k][n] * (high[n] - low[n]);
                }
            }
        }
        return sum / ((x[e] + h) - (x[e] - h));
    }

    private static Tensor[] moved(Tensor[] inputs, int i, double[] x, int e, double value) {
        double[] changed = x.clone();
        changed[e] = value;
        Tensor[] moved = inputs.clone();
        moved[i] = Tensor.of(changed, inputs[i].shape().dims()).reshape(inputs[i].shape());
        return moved;
    }
}
