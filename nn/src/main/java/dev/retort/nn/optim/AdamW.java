package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// [Adam] with decoupled weight decay, which the averages do not see. Step t = 1, 2, … with gradient g:
///
/// ```
/// w ← w·(1 − lr·weightDecay)
/// m ← β₁·m + (1 − β₁)·g,   v ← β₂·v + (1 − β₂)·g²,   both 0 at first
/// w ← w − lr · m̂/(√v̂ + eps),   m̂ = m/(1 − β₁ᵗ),   v̂ = v/(1 − β₂ᵗ)
/// ```
///
/// With AMSGrad the largest v so far takes the place of v in v̂. One kernel does all of it, [UpdateOp.AdamStep].
///
/// Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2017, arXiv 1711.05101.
public final class AdamW extends Optimizer {
    private final Adam.Config config;

    /// An optimiser of all parameters alike.
    public AdamW(Map<String, Parameter> parameters, Adam.Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public AdamW(List<ParameterGroup> groups, Adam.Config config) {
        super(groups, config.lr(), config.weightDecay(), config.slots());
        this.config = config;
    }

    /// PyTorch's defaults: learning rate 1e-3, betas 0.9 and 0.999, eps 1e-8, weight decay 0.01.
    public static Adam.Config defaults() {
        return config(1e-3);
    }

    /// PyTorch's defaults with another learning rate; unlike [Adam.Config#of], with weight decay 0.01.
    public static Adam.Config config(double lr) {
        return Adam.Config.of(lr).withWeightDecay(0.01);
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        if (config.amsgrad()) {
            w.update(new UpdateOp.Scale(1 - group.lr() * group.weightDecay()));
            Adam.stepWithLargest(w, gradient, slots, config, group, step);
            return;
        }
        UpdateOp op = new UpdateOp.AdamStep(
                group.lr(), config.beta1(), config.beta2(), config.eps(), group.weightDecay(), true, step);
        w.update(op, gradient, slots[0], slots[1]);
    }
}
