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
/// @param release     whether the memory of all recorded results is given back as the walk
/// passes them
public record GradOptions(
        List<Tensor> gradOutputs, boolean createGraph, boolean retainGraph, boolean allowUnused, boolean release) {
    private static final GradOptions DEFAULTS = new GradOptions(List.of(), false, false, false, false);

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
        return new GradOptions(List.of(gradients), createGraph, retainGraph, allowUnused, release);
    }

    /// With gradients that can be differentiated again.
    public GradOptions withCreateGraph() {
        return new GradOptions(gradOutputs, true, true, allowUnused, release);
    }

    /// With saved tensors kept.
    public GradOptions withRetainGraph() {
        return new GradOptions(gradOutputs, createGraph, true, allowUnused, release);
    }

    /// With null for inputs that the outputs do not depend on.
    public GradOptions withAllowUnused() {
        return new GradOptions(gradOutputs, createGraph, retainGraph, true, release);
    }

    /// With the memory of recorded results given back as the walk passes them, for the results that
    /// follow, and not when the garbage collector finds them. Of everything that led to the
    /// outputs, only these, leaves, small results on the host, and what [Tensor#detach] or
    /// [Tensor#toHost] was called on before can be read afterwards; reading another result is an
    /// error. Without effect where saved tensors are kept.
    ///
    /// For training loops, whose intermediate results are of no use after `backward`.
    public GradOptions withRelease() {
        return new GradOptions(gradOutputs, createGraph, retainGraph, allowUnused, true);
    }

    /// The gradient of output `i` as given, or null.
    @Nullable
    Tensor gradOutput(int i) {
        return gradOutputs.isEmpty() ? null : gradOutputs.get(i);
    }
}
