package dev.retort.distill.feature;

import dev.retort.nn.ForwardHook;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.ModuleHook;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Dropout at a tap of a network that has none there: noise for a student, or for passes that show how
/// sure a teacher is. The network itself stays as it is.
///
/// @param tap  where
/// @param rate share of elements that become 0, in [0, 1); the others are divided by 1 − rate
public record TapDropout(Tap tap, double rate) {
    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if the rate is outside [0, 1)
    public TapDropout {
        if (!(rate >= 0 && rate < 1)) {
            throw new IllegalArgumentException("dropout at " + tap + ": expected a rate in [0, 1), got " + rate);
        }
    }

    /// Drops until the hook is closed.
    ///
    /// @param rng of the masks
    /// @throws IllegalArgumentException if the network has no module at the tap's path
    public ModuleHook on(Layer network, Rng rng) {
        return network.module(tap.path()).hook(new ForwardHook() {
            @Override
            public void before(Module module, Tensor[] inputs) {
                if (tap.side() == Tap.Side.INPUT) {
                    inputs[0] = inputs[0].dropout(rate, rng);
                }
            }

            @Override
            public void after(Module module, Tensor[] inputs, Tensor[] outputs) {
                if (tap.side() == Tap.Side.OUTPUT) {
                    outputs[0] = outputs[0].dropout(rate, rng);
                }
            }
        });
    }
}
