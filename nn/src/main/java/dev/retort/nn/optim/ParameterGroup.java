package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/// Parameters that share a learning rate and a weight decay. What is not set here is the optimiser's
/// default.
public final class ParameterGroup {
    private final Map<String, Parameter> parameters;
    private double lr = Double.NaN;
    private double initialLr = Double.NaN;
    private double weightDecay = Double.NaN;

    /// A group of parameters by name; the names are the keys of the optimiser's state.
    public ParameterGroup(Map<String, Parameter> parameters) {
        this.parameters = new LinkedHashMap<>(parameters);
    }

    /// The parameters whose name passes `choice`.
    public static ParameterGroup of(Map<String, Parameter> all, Predicate<String> choice) {
        Map<String, Parameter> chosen = new LinkedHashMap<>();
        all.forEach((name, parameter) -> {
            if (choice.test(name)) {
                chosen.put(name, parameter);
            }
        });
        return new ParameterGroup(chosen);
    }

    /// The parameters by name.
    public Map<String, Parameter> parameters() {
        return java.util.Collections.unmodifiableMap(parameters);
    }

    /// The current learning rate.
    public double lr() {
        return lr;
    }

    /// Changes the learning rate, as schedules do.
    public void lr(double newLr) {
        lr = newLr;
    }

    /// The learning rate that schedules start from.
    public double initialLr() {
        return initialLr;
    }

    /// The weight decay.
    public double weightDecay() {
        return weightDecay;
    }

    /// Changes the weight decay.
    public void weightDecay(double newWeightDecay) {
        weightDecay = newWeightDecay;
    }

    /// Sets the learning rate of a group that no optimiser holds yet.
    public ParameterGroup withLr(double value) {
        lr = value;
        return this;
    }

    /// Sets the weight decay of a group that no optimiser holds yet.
    public ParameterGroup withWeightDecay(double value) {
        weightDecay = value;
        return this;
    }

    void initialLr(double value) {
        initialLr = value;
    }

    void defaults(double defaultLr, double defaultWeightDecay) {
        lr = Double.isNaN(lr) ? defaultLr : lr;
        weightDecay = Double.isNaN(weightDecay) ? defaultWeightDecay : weightDecay;
        initialLr = lr;
    }
}
