package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How to differentiate.
///
/// @param gradOutputs one gradient per output, of its type; empty for 1 at outputs of one element
/// @param createGraph whether the gradients can be differentiated again (implies `retainGraph`)
/// @param retainGraph whether saved tensors are kept, so that backward can pass again
/// @param allowUnused whether inputs that the outputs do not depend on give null and not an error
public record GradOptions(List<Tensor> gradOutputs, boolean createGraph, boolean retainGraph, boolean allowUnused) {
    private static final GradOptions DEFAULTS = new GradOptions(List.of(), false, false, false);

    /// Copies the list.
    public GradOptions {
        gradOutputs = List.copyOf(gradOutputs);
        retainGraph |= createGraph;
    }

    /// Scalar outputs, no graph, saved tensors freed, every input used.
    public static GradOptions defaults() {
        return DEFAULTS;
    }

    /// With the gradients of the outputs.
    public GradOptions withGradOutputs(Tensor... gradients) {
        return new GradOptions(List.of(gradients), createGraph, retainGraph, allowUnused);
    }

    /// With gradients that can be differentiated again.
    public GradOptions withCreateGraph() {
        return new GradOptions(gradOutputs, true, true, allowUnused);
    }

    /// With saved tensors kept.
    public GradOptions withRetainGraph() {
        return new GradOptions(gradOutputs, createGraph, true, allowUnused);
    }

    /// With null for inputs that the outputs do not depend on.
    public GradOptions withAllowUnused() {
        return new GradOptions(gradOutputs, createGraph, retainGraph, true);
    }

    /// The gradient of output `i` as given, or null.
    @Nullable
    Tensor gradOutput(int i) {
        return gradOutputs.isEmpty() ? null : gradOutputs.get(i);
    }
}
