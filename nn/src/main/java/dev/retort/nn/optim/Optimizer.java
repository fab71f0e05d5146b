package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Changes parameters by their gradients. Parameters that are frozen or have no gradient are left
/// alone.
///
/// State names are `PARAMETER.SLOT` with PyTorch's slots (`exp_avg`, `momentum_buffer`, …) and
/// `PARAMETER.step`, and for group number i `group.i.lr`, `group.i.initial_lr`,
/// `group.i.weight_decay`.
public abstract class Optimizer implements Stateful {
    private final List<ParameterGroup> groups;
    private final List<String> slots;
    private final Map<String, Slots> state = new LinkedHashMap<>();

    private static final class Slots {
        private final Tensor[] tensors;
        private long step;

        Slots(Tensor[] tensors) {
            this.tensors = tensors;
        }
    }

    /// An optimiser of `groups`, which get the defaults where they set nothing.
    ///
    /// @param slots names of the tensors that are kept for each parameter, zero at first
    /// @throws OpException if a parameter or a name is in the groups twice, or a rate or decay is
    ///                     negative
    protected Optimizer(List<ParameterGroup> groups, double lr, double weightDecay, String... slots) {
        this.groups = List.copyOf(groups);
        this.slots = List.of(slots);
        Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<String> names = new java.util.HashSet<>();
        for (ParameterGroup group : groups) {
            group.defaults(lr, weightDecay);
            if (!(group.lr() >= 0 && group.weightDecay() >= 0)) {
                throw new OpException("optimizer: expects learning rate and weight decay >= 0, got " + group.lr()
                        + " and " + group.weightDecay());
            }
            group.parameters().forEach((name, parameter) -> {
                if (!seen.add(parameter) || !names.add(name)) {
                    throw new OpException("optimizer: expects each parameter once, got '" + name + "' twice");
                }
            });
        }
    }

    /// The groups, in order.
    public final List<ParameterGroup> groups() {
        return groups;
    }

    /// The learning rate of the first group.
    public final double lr() {
        return groups.getFirst().lr();
    }

    /// Changes one parameter tensor in place by an [dev.retort.tensor.op.UpdateOp].
    ///
    /// @param slots the kept tensors, in the order of the constructor's names
    /// @param step  how often this parameter has been changed, this time included
    protected abstract void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step);

    /// The kept tensors of a parameter before its first step, in the order of the constructor's names:
    /// zeros of its type, unless an optimiser says otherwise. Shapes and dtypes must follow from the
    /// parameter's alone.
    protected Tensor[] initialSlots(Tensor parameter, ParameterGroup group) {
        Tensor[] tensors = new Tensor[slots.size()];
        for (int i = 0; i < tensors.length; i++) {
            tensors[i] = parameter.zerosLike();
        }
        return tensors;
    }

    /// Changes all parameters that have a gradient.
    public final void step() {
        for (ParameterGroup group : groups) {
            group.parameters().forEach((name, parameter) -> {
                Tensor gradient = parameter.borrowGrad();
                if (parameter.requiresGrad() && gradient != null) {
                    Slots own = state.computeIfAbsent(name, unused -> fresh(parameter, group));
                    own.step++;
                    update(parameter.tensor(), gradient.borrow(), own.tensors, group, own.step);
                }
            });
        }
    }

    /// The gradient plus weightDecay·w, for optimisers that do not take the decay apart.
    static Tensor decayed(Tensor gradient, Tensor w, ParameterGroup group) {
        return group.weightDecay() == 0 ? gradient : gradient.add(w.mul(group.weightDecay()));
    }

    private Slots fresh(Parameter parameter, ParameterGroup group) {
        return new Slots(initialSlots(parameter.tensor().borrow(), group));
    }

    /// Drops the gradients of all parameters.
    public final void zeroGrad() {
        groups.forEach(group -> group.parameters().values().forEach(Parameter::zeroGrad));
    }

    @Override
    public final Map<String, Tensor> stateDict() {
        Map<String, Tensor> out = new LinkedHashMap<>();
        for (int i = 0; i < groups.size(); i++) {
            out.put("group." + i + ".lr", StateValues.of(groups.get(i).lr()));
            out.put("group." + i + ".initial_lr", StateValues.of(groups.get(i).initialLr()));
            out.put("group." + i + ".weight_decay", StateValues.of(groups.get(i).weightDecay()));
        }
        state.forEach((name, own) -> {
            out.put(name + ".step", StateValues.of(own.step));
            for (int i = 0; i < own.tensors.length; i++) {
                out.put(name + "." + slots.get(i), own.tensors[i]);
            }
        });
        return out;
    }

    @Override
    public final void loadStateDict(Map<String, Tensor> source) {
        Map<String, Slots> loaded = new LinkedHashMap<>();
        Set<String> names = new java.util.LinkedHashSet<>();
        for (int i = 0; i < groups.size(); i++) {
            names.addAll(List.of("group." + i + ".lr", "group." + i + ".initial_lr", "group." + i + ".weight_decay"));
            ParameterGroup group = groups.get(i);
            group.parameters().forEach((name, parameter) -> {
                if (source.containsKey(name + ".step")) { // a parameter without a step so far has no state
                    names.add(name + ".step");
                    slots.forEach(slot -> names.add(name + "." + slot));
                    loaded.put(name, load(source, name, parameter, group));
                }
            });
        }
        StateValues.expect("optimizer", source, names);
        for (int i = 0; i < groups.size(); i++) {
            groups.get(i).lr(StateValues.toDouble(source, "group." + i + ".lr"));
            groups.get(i).initialLr(StateValues.toDouble(source, "group." + i + ".initial_lr"));
            groups.get(i).weightDecay(StateValues.toDouble(source, "group." + i + ".weight_decay"));
        }
        state.clear();
        state.putAll(loaded);
    }

    private Slots load(Map<String, Tensor> source, String name, Parameter parameter, ParameterGroup group) {
        Slots own = fresh(parameter, group);
        own.step = StateValues.toLong(source, name + ".step");
        for (int i = 0; i < own.tensors.length; i++) {
            @Nullable Tensor given = source.get(name + "." + slots.get(i));
            if (given == null || !given.shape().equals(own.tensors[i].shape())) {
                throw new IllegalArgumentException("loadStateDict: the optimizer expects '" + name + "." + slots.get(i)
                        + "' of shape " + own.tensors[i].shape() + ", got "
                        + (given == null ? "nothing" : given.type()));
            }
            own.tensors[i].copyFrom(given.to(own.tensors[i].device()));
        }
        return own;
    }
}
