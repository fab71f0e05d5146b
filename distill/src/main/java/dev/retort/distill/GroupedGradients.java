package dev.retort.distill;

import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// The gradients of one step, apart by group of terms, over all its micro-batches.
final class GroupedGradients {
    private final GradientRule rule;
    private final Map<String, Parameter> parameters;
    private final List<Map<String, Tensor>> sums = new ArrayList<>();

    GroupedGradients(GradientRule rule, Map<String, Parameter> parameters) {
        this.rule = rule;
        this.parameters = parameters;
        begin();
    }

    GradientRule rule() {
        return rule;
    }

    /// Begins a step.
    private void begin() {
        sums.clear();
        for (int group = 0; group < rule.groups(); group++) {
            sums.add(new LinkedHashMap<>());
        }
    }

    /// Takes what a backward pass has left in the parameters.
    void take(int group) {
        parameters.forEach((name, parameter) -> {
            Tensor gradient = parameter.grad();
            if (gradient != null) {
                sums.get(group).merge(name, gradient, Tensor::add);
            }
            parameter.zeroGrad();
        });
    }

    /// Gives the parameters what the rule makes of it.
    void give() {
        rule.combine(sums, parameters)
                .forEach((name, gradient) ->
                        Objects.requireNonNull(parameters.get(name)).tensor().grad(gradient));
        begin();
    }
}
