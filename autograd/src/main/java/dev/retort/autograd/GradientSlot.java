package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
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
        } else if (!createGraph && isChangeable(old)) {
            old.update(new UpdateOp.AddScaled(1), gradient);
            release(gradient, fresh);
        } else {
            sum = old.add(gradient); // a device may compute it together with what comes next
            if (!createGraph) {
                release(old, exclusive);
                release(gradient, fresh);
            }
            exclusive = true;
        }
    }

    /// Adds a gradient of what `view` sees of this place, in place; false if the sum is not ours to change.
    boolean addSeen(ShapeOp.View view, Tensor gradient) {
        Tensor old = sum;
        if (old == null || !isChangeable(old)) {
            return false;
        }
        Engine.one(view, old).update(new UpdateOp.AddScaled(1), gradient);
        return true;
    }

    private boolean isChangeable(Tensor old) {
        return exclusive && old.device().isCpu() && old.isContiguous();
    }

    /// Whether a tensor is all of its storage, every element once: row-major or with its dimensions permuted.
    static boolean fills(Tensor tensor) {
        if (tensor.storage().size() != tensor.numel()) {
            return false;
        }
        int[] strides = tensor.strides();
        int block = 1;
        for (int round = 0; round < tensor.rank(); round++) {
            for (int d = 0; d < tensor.rank(); d++) {
                // The dimension that goes on where the smaller ones end.
                if (tensor.size(d) > 1 && strides[d] == block) {
                    block *= tensor.size(d);
                }
            }
        }
        return block == tensor.numel();
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
