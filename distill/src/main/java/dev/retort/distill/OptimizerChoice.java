package dev.retort.distill;

import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.ParameterGroup;
import dev.retort.nn.optim.SGD;
import java.util.List;

/// Which optimiser a run uses. Its text form is part of what a checkpoint is checked against, so use
/// records.
@FunctionalInterface
public interface OptimizerChoice {
    /// A new optimiser of the groups.
    Optimizer on(List<ParameterGroup> groups);

    /// Stochastic gradient descent.
    ///
    /// @param config its hyper-parameters
    record Sgd(SGD.Config config) implements OptimizerChoice {
        @Override
        public Optimizer on(List<ParameterGroup> groups) {
            return new SGD(groups, config);
        }
    }

    /// Adam.
    ///
    /// @param config its hyper-parameters
    record OfAdam(Adam.Config config) implements OptimizerChoice {
        @Override
        public Optimizer on(List<ParameterGroup> groups) {
            return new Adam(groups, config);
        }
    }

    /// AdamW.
    ///
    /// @param config its hyper-parameters
    record OfAdamW(Adam.Config config) implements OptimizerChoice {
        @Override
        public Optimizer on(List<ParameterGroup> groups) {
            return new AdamW(groups, config);
        }
    }
}
