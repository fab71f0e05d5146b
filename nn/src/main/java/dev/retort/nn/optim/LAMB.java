package dev.retort.nn.optim;

import dev.retort.nn.Parameter;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.List;
import java.util.Map;

/// LAMB: [Adam]'s direction d plus weightDecay·w, scaled for each parameter by ‖w‖/‖d‖, for large batches
/// (You et al., 2019, arXiv 1904.00962).
public final class LAMB extends Optimizer {
    private final Adam.Config config;

    /// An optimiser of all parameters alike.
    public LAMB(Map<String, Parameter> parameters, Adam.Config config) {
        this(List.of(new ParameterGroup(parameters)), config);
    }

    /// An optimiser of groups.
    public LAMB(List<ParameterGroup> groups, Adam.Config config) {
        super(groups, config.lr(), config.weightDecay(), "exp_avg", "exp_avg_sq");
        if (config.amsgrad()) {
            throw new OpException("lamb: expects no AMSGrad");
        }
        this.config = config;
    }

    /// The paper's values with another learning rate.
    public static Adam.Config config(double lr) {
        return new Adam.Config(lr, 0.9, 0.999, 1e-6, 0.01);
    }

    /// Learning rate 1e-3, betas 0.9 and 0.999, eps 1e-6 and weight decay 0.01, as in the paper.
    public static Adam.Config defaults() {
        return config(1e-3);
    }

    @Override
    protected void update(Tensor w, Tensor gradient, Tensor[] slots, ParameterGroup group, long step) {
        UpdateOp op = new UpdateOp.LambStep(
                group.lr(), config.beta1(), config.beta2(), config.eps(), group.weightDecay(), step);
        w.update(op, gradient, slots[0], slots[1]);
    }
}
