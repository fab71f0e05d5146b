package dev.retort.autograd;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// A tensor that the user made: the end of the graph, where gradients accumulate.
///
/// A gradient that was handed out is never changed by the engine: the next accumulation then makes a new
/// tensor. One that nobody has seen is added to in place.
final class Leaf implements Source {
    private boolean requiresGrad;
    private @Nullable Tensor grad;
    private boolean seen;
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

    synchronized void grad(@Nullable Tensor tensor, @Nullable Tensor gradient) {
        if (gradient != null && tensor != null && !gradient.type().equals(tensor.type())) {
            throw new OpException(
                    "grad: expects a gradient of the tensor's type " + tensor.type() + ", got " + gradient.type());
        }
        grad = gradient;
        seen = true;
    }

    /// Adds a gradient.
    ///
    /// @param exclusive   whether nobody else refers to its storage, so that it may be kept and changed
    /// @param createGraph whether the sum is to be differentiable
    synchronized void accumulate(Tensor gradient, boolean exclusive, boolean createGraph) {
        Tensor old = grad;
        if (old == null) {
            grad = exclusive ? gradient : gradient.copy();
        } else if (seen || createGraph || Source.of(old) != null) {
            grad = old.add(gradient);
        } else {
            old.update(new UpdateOp.AddScaled(1), gradient);
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
