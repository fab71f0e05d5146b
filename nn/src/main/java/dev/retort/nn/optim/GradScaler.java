package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// Loss scaling: half-precision gradients below 6e-8 would be zero, so the loss is multiplied before
/// `backward`, and the gradients are divided again before the step.
///
/// ```
/// scaler.scale(loss).backward();
/// boolean taken = scaler.step(optimizer);   // skipped if a gradient is not finite
/// ```
///
/// The factor is multiplied by `backoff` after a step that was skipped, and by `growth` after `interval`
/// steps in a row that were not. A power of two changes no bits of the gradients that it saves.
///
/// Source: Micikevicius et al., "Mixed precision training", 2017, arXiv 1710.03740.
public final class GradScaler implements Stateful {
    private final Config config;
    private double scale;
    private long taken;

    /// How the factor moves.
    ///
    /// @param initial  factor at the start, positive
    /// @param growth   at least 1
    /// @param backoff  in (0, 1)
    /// @param interval steps without overflow before the factor grows, at least 1
    public record Config(double initial, double growth, double backoff, int interval) {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException naming what is out of range
        public Config {
            if (!(initial > 0) || !(growth >= 1) || !(backoff > 0 && backoff < 1) || interval < 1) {
                throw new IllegalArgumentException("grad scaler: expected initial > 0, growth >= 1, backoff in (0, 1),"
                        + " interval >= 1, got " + initial + ", " + growth + ", " + backoff + ", " + interval);
            }
        }

        /// 65,536, doubled after 2,000 steps, halved after an overflow.
        public static Config defaults() {
            return new Config(65_536, 2, 0.5, 2_000);
        }
    }

    /// A scaler at its initial factor.
    public GradScaler(Config config) {
        this.config = config;
        scale = config.initial;
    }

    /// The factor now.
    public double scale() {
        return scale;
    }

    /// loss · factor.
    public Tensor scale(Tensor loss) {
        return loss.mul(scale);
    }

    /// Divides the gradients by the factor and takes a step if they are all finite; returns whether
    /// it did. The only read is one truth value.
    public boolean step(Optimizer optimizer) {
        Tensor finite = null;
        for (ParameterGroup group : optimizer.groups()) {
            for (Parameter parameter : group.parameters().values()) {
                Tensor gradient = parameter.borrowGrad();
                if (gradient != null) {
                    gradient.borrow().update(new UpdateOp.Scale(1 / scale));
                    Tensor own = gradient.borrow().isFinite().all();
                    finite = finite == null ? own : finite.logicalAnd(own);
                }
            }
        }
        if (finite != null && finite.item() == 0) {
            scale *= config.backoff;
            taken = 0;
            return false;
        }
        optimizer.step();
        if (++taken == config.interval) {
            scale *= config.growth;
            taken = 0;
        }
        return true;
    }

    @Override
    public Map<String, Tensor> stateDict() {
        return Map.of("scale", StateValues.of(scale), "taken", StateValues.of(taken));
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("grad scaler", state, List.of("scale", "taken"));
        scale = StateValues.toDouble(state, "scale");
        taken = StateValues.toLong(state, "taken");
    }
}
