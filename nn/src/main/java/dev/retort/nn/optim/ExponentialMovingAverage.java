package dev.retort.nn.optim;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.LinkedHashMap;
import java.util.Map;

/// An average of a model's parameters along training: average ← decay·average + (1 − decay)·parameter
/// (Polyak and Juditsky, 1992; as the mean teacher: Tarvainen and Valpola, 2017, arXiv 1703.01780).
/// Buffers are not averaged.
public final class ExponentialMovingAverage implements Stateful {
    private final Module model;
    private final double decay;
    private final Map<String, Tensor> averages = new LinkedHashMap<>();

    /// An average that starts at the model's parameters.
    ///
    /// @throws OpException if decay is not in [0, 1]
    public ExponentialMovingAverage(Module model, double decay) {
        if (!(decay >= 0 && decay <= 1)) {
            throw new OpException("ema: expects decay in [0, 1], got " + decay);
        }
        this.model = model;
        this.decay = decay;
        model.namedParameters()
                .forEach((name, parameter) ->
                        averages.put(name, parameter.tensor().detach().copy()));
    }

    /// Takes in the current parameters; call it after each optimiser step.
    public void update() {
        model.namedParameters()
                .forEach((name, parameter) -> average(name)
                        .update(new UpdateOp.Lerp(1 - decay), parameter.tensor().detach()));
    }

    /// Exchanges the averages and the model's parameters; a second call undoes it. Evaluate in between.
    public void swap() {
        for (Map.Entry<String, Parameter> entry : model.namedParameters().entrySet()) {
            Tensor average = average(entry.getKey());
            Tensor own = entry.getValue().tensor().detach().copy();
            entry.getValue().set(average);
            average.copyFrom(own);
        }
    }

    /// Copies the averages into another model of the same structure.
    public void copyTo(Module target) {
        target.namedParameters().forEach((name, parameter) -> parameter.set(average(name)));
    }

    private Tensor average(String name) {
        Tensor average = averages.get(name);
        if (average == null) {
            throw new IllegalArgumentException("ema: no average of a parameter '" + name + "'");
        }
        return average;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        return new LinkedHashMap<>(averages);
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("moving average", state, averages.keySet());
        Map<Tensor, Tensor> copies = new LinkedHashMap<>();
        averages.forEach((name, average) -> {
            Tensor given = state.get(name);
            if (given == null || !given.shape().equals(average.shape())) {
                throw new IllegalArgumentException("loadStateDict: the moving average expects '" + name + "' of shape "
                        + average.shape() + ", got " + (given == null ? "nothing" : given.type()));
            }
            copies.put(average, given.to(average.device()));
        });
        copies.forEach(Tensor::copyFrom);
    }
}
