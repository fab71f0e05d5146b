package dev.retort.distill;

import dev.retort.nn.Parameter;
import dev.retort.nn.Stateful;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;

/// What becomes of the gradients of an objective's terms before the optimiser sees them. The terms fall into groups;
/// each group has a backward pass of its own, and the rule makes one gradient out of the groups'.
///
/// With such a rule a run has one device.
public interface GradientRule extends Stateful {
    /// Number of groups, at least 1.
    int groups();

    /// The group of a term, from 0.
    int group(Term term);

    /// The gradients that the optimiser gets, by name of the parameter; parameters that are left out get none.
    /// Called once a step.
    ///
    /// @param gradients  of each group, by name of the parameter; those that the group does not reach are not in it
    /// @param parameters all that are trained, by name
    Map<String, Tensor> combine(List<Map<String, Tensor>> gradients, Map<String, Parameter> parameters);
}
