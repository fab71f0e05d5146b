package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// The sum of the gradients that have arrived at one place.
///
/// The first is only referred to (it may be a view, or another place's gradient as well) unless it is
/// known to be exclusive; sums made here are exclusive, and further gradients are added to those in
/// place.
final class GradientSlot {
    private @Nullable Tensor sum;
    private boolean exclusive;

    static GradientSlot[] array(int length) {
        GradientSlot[] slots = new GradientSlot[length];
        for (int i = 0; i < length; i++) {
            slots[i] = new GradientSlot();
        }
        return slots;
    }

    /// Adds a gradient; in place only if no graph is wanted.
    ///
    /// @param fresh whether nobody else refers to the gradient's storage
    void add(Tensor gradient, boolean fresh, boolean createGraph) {
        Tensor old = sum;
        if (old == null) {
            sum = gradient;
            exclusive = fresh;
        } else if (exclusive && !createGraph && old.device().isCpu()) {
            old.update(new UpdateOp.AddScaled(1), gradient);
        } else {
            sum = old.add(gradient); // a device may compute it together with what comes next
            if (!createGraph) {
                release(old, exclusive);
                release(gradient, fresh);
            }
            exclusive = true;
        }
    }

    private static void release(Tensor gradient, boolean ours) {
        if (ours) {
            Release.of(gradient);
        }
    }

    @Nullable
    Tensor sum() {
        return sum;
    }

    /// Whether nobody else refers to the sum's storage.
    boolean isExclusive() {
        return exclusive;
    }
}
