package dev.retort.distill.feature;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.ModuleHook;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Runs a network once and keeps the tensors at the wanted taps.
public final class Features {
    private Features() {}

    /// What `taps` see while `network` computes its output for `input`, on the network's device. A module
    /// that is called more than once gives the tensors of its last call.
    ///
    /// @throws IllegalArgumentException if the network has no module at a path
    /// @throws IllegalStateException    if the forward pass never called the module of a tap
    public static Map<Tap, Tensor> of(Layer network, Tensor input, Set<Tap> taps) {
        Map<Tap, Tensor> seen = new LinkedHashMap<>();
        List<ModuleHook> hooks = new ArrayList<>();
        try {
            for (Tap tap : taps) {
                hooks.add(network.module(tap.path()).hook((module, inputs, outputs) -> {
                    seen.put(tap, tap.side() == Tap.Side.INPUT ? inputs[0] : outputs[0]);
                }));
            }
            network.call(input.to(network.device()));
        } finally {
            hooks.forEach(ModuleHook::close);
        }
        for (Tap tap : taps) {
            if (!seen.containsKey(tap)) {
                throw new IllegalStateException("features: expected a call of the module at tap " + tap
                        + ", the forward pass did not reach it");
            }
        }
        return seen;
    }

    /// The same in evaluation mode and without gradients. Afterwards every module is in the mode it was
    /// in, so a network that shares modules with one in training does not disturb it.
    public static Map<Tap, Tensor> quietly(Layer network, Tensor input, Set<Tap> taps) {
        return quietly(network, input, taps, module -> false);
    }

    /// The same with those modules in training mode, each for itself, that pass `training`.
    public static Map<Tap, Tensor> quietly(Layer network, Tensor input, Set<Tap> taps, Predicate<Module> training) {
        try (GradScope _ = Autograd.noGrad()) {
            Map<Tap, Tensor> constants = new LinkedHashMap<>();
            inModes(network, input, taps, training).forEach((tap, tensor) -> constants.put(tap, tensor.detach()));
            return constants;
        }
    }

    /// The same in evaluation mode, but with gradients, for methods that differentiate through a network
    /// whose state must stay as it is. Take gradients by [Autograd#grad], which leaves those of the
    /// parameters alone.
    public static Map<Tap, Tensor> evaluated(Layer network, Tensor input, Set<Tap> taps) {
        return inModes(network, input, taps, module -> false);
    }

    private static Map<Tap, Tensor> inModes(Layer network, Tensor input, Set<Tap> taps, Predicate<Module> training) {
        Map<Module, Boolean> modes = new LinkedHashMap<>();
        network.modules().values().forEach(module -> modes.put(module, module.isTraining()));
        try {
            // Parents come first, so that each module ends with its own mode.
            network.modules().values().forEach(module -> module.train(training.test(module)));
            return of(network, input, taps);
        } finally {
            modes.forEach(Module::train);
        }
    }
}
