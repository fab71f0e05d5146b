package dev.retort.autograd;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// A tensor that the user made: the end of the graph, where gradients accumulate.
///
/// A gradient that was handed out is never changed by the engine: the next accumulation then makes a
/// new tensor. One that nobody has seen is added to in place, and its memory is given back when it is
/// cleared.
final class Leaf implements Source {
    private boolean requiresGrad;
    private @Nullable Tensor grad;
    private boolean seen;
    private boolean own;
    private @Nullable Hooks hooks;

    boolean requiresGrad() {
        return requiresGrad;
    }

    void requiresGrad(boolean on) {
        requiresGrad = on;
    }

    synchronized @Nullable Tensor grad() {
        seen = true;
        return grad;
    }

    /// The gradient for a reader that does not keep it.
    synchronized @Nullable Tensor borrowGrad() {
        return grad;
    }

    synchronized void grad(@Nullable Tensor tensor, @Nullable Tensor gradient) {
        if (gradient != null && tensor != null && !gradient.type().equals(tensor.type())) {
            throw new OpException(
                    "grad: expects a gradient of the tensor's type " + tensor.type() + ", got " + gradient.type());
        }
        Tensor old = grad;
        if (old != null && old != gradient && own && !seen) {
            Release.of(old);
        }
        grad = gradient;
        own = false;
        seen = true;
    }

    /// Adds a gradient.
    ///
    /// @param exclusive   whether nobody else refers to its storage, so that it may be kept and changed
    /// @param createGraph whether the sum is to be differentiable
    synchronized void accumulate(Tensor gradient, boolean exclusive, boolean createGraph) {
        Tensor old = grad;
        boolean kept = false;
        if (old == null) {
            kept = exclusive && gradient.isContiguous(); // optimisers read it in the order of the parameter
            grad = kept ? gradient : gradient.copy();
            own = !createGraph;
        } else if (seen || createGraph || Source.of(old) != null) {
            grad = old.add(gradient);
            own = !createGraph;
        } else {
            old.update(new UpdateOp.AddScaled(1), gradient);
        }
        if (exclusive && !kept && !createGraph) {
            Release.of(gradient);
        }
        seen = false;
    }

    @Override
    public @Nullable Hooks hooks() {
        return hooks;
    }

    @Override
    public synchronized Hooks hooksForAdding() {
        if (hooks == null) {
            hooks = new Hooks();
        }
        return hooks;
    }
}
