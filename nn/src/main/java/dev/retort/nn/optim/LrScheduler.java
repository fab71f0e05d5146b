package dev.retort.nn.optim;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Moves an optimiser's learning rates along a [Schedule].
public final class LrScheduler implements Stateful {
    private final Optimizer optimizer;
    private final Schedule schedule;
    private long step;

    /// Sets the rates of step 0.
    public LrScheduler(Optimizer optimizer, Schedule schedule) {
        this.optimizer = optimizer;
        this.schedule = schedule;
        set();
    }

    /// Goes to the next step; call it after the optimiser's step.
    public void step() {
        step++;
        set();
    }

    /// Steps taken so far.
    public long steps() {
        return step;
    }

    private void set() {
        double factor = schedule.factor(step);
        for (ParameterGroup group : optimizer.groups()) {
            group.lr(group.initialLr() * factor);
        }
    }

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("step", StateValues.of(step));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("schedule", state, List.of("step"));
        step = StateValues.toLong(state, "step");
        set();
    }
}
