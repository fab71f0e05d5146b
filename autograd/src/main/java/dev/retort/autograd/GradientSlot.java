package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// The sum of the gradients that have arrived at one place.
///
/// The first is only referred to: it may be a view, or another place's gradient as well. Where no other place refers
/// to the sum, further gradients are added in place. Gradients of slices wait for each other.
final class GradientSlot {
    /// A row that is added alone takes about as long as a pass over this many.
    private static final int ROWS = 16;

    private final GradientOwners owners;
    private @Nullable Tensor sum;
    private @Nullable GradientPieces pieces;

    GradientSlot(GradientOwners owners) {
        this.owners = owners;
    }

    static GradientSlot[] array(int length, GradientOwners owners) {
        GradientSlot[] slots = new GradientSlot[length];
        for (int i = 0; i < length; i++) {
            slots[i] = new GradientSlot(owners);
        }
        return slots;
    }

    /// Adds a gradient; in place only if no graph is wanted.
    void add(Tensor gradient, boolean createGraph) {
        Tensor old = sum();
        if (old == null) {
            sum = gradient;
            owners.hold(gradient);
        } else if (!createGraph && isChangeable(old)) {
            old.update(new UpdateOp.AddScaled(1), gradient);
        } else {
            Tensor both = old.add(gradient); // a device may compute it together with what comes next
            owners.made(both);
            owners.hold(both);
            owners.drop(old);
            sum = both;
        }
    }

    /// Takes the gradient of a slice of this place, `whole`, to wait for those of the others; false if gradients of
    /// another kind have arrived.
    boolean addPiece(ShapeOp.Slice slice, Tensor gradient, Shape whole) {
        if (sum != null) {
            return false;
        }
        if (pieces == null) {
            pieces = new GradientPieces(whole);
        }
        pieces.add(slice, gradient);
        owners.hold(gradient);
        return true;
    }

    /// Adds a gradient of what `view` sees of this place, in place; false if the sum is not ours to change.
    boolean addSeen(ShapeOp.View view, Tensor gradient) {
        Tensor old = sum();
        if (old == null || !isChangeable(old)) {
            return false;
        }
        Engine.one(view, old).update(new UpdateOp.AddScaled(1), gradient);
        return true;
    }

    /// Adds the rows of a gradient at the rows of this place that `index` names, in its order and
    /// in place; false if the sum is not ours to change, or if there are so many that a pass over
    /// the sum costs less.
    ///
    /// @param padding the row that gets nothing, or a negative number
    boolean addRows(Tensor index, int padding, Tensor gradient) {
        Tensor old = sum;
        int count = index.numel();
        if (old == null || !isChangeable(old) || old.size(0) / ROWS < count) {
            return false;
        }
        Tensor rows = gradient.reshape(count, old.size(1));
        long[] at = index.toLongs();
        for (int i = 0; i < count; i++) {
            if (at[i] != padding) {
                old.narrow(0, (int) at[i], 1).update(new UpdateOp.AddScaled(1), rows.narrow(0, i, 1));
            }
        }
        return true;
    }

    private boolean isChangeable(Tensor old) {
        return owners.isSole(old) && old.device().isCpu() && old.isContiguous();
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

    @Nullable
    Tensor sum() {
        GradientPieces apart = pieces;
        if (apart != null) {
            pieces = null;
            settle(apart, apart.joined());
            apart.all().forEach(piece -> owners.drop(piece.gradient()));
        }
        return sum;
    }

    /// Takes the whole that was made of pieces, or adds one after the other.
    private void settle(GradientPieces apart, @Nullable Tensor whole) {
        if (whole != null) {
            owners.made(whole);
            add(whole, false);
            return;
        }
        for (GradientPieces.Piece piece : apart.all()) {
            if (!addSeen(piece.slice(), piece.gradient())) {
                Tensor part = apart.embedded(piece);
                owners.made(part);
                add(part, false);
            }
        }
    }

    /// Whether the sum is a storage of its own that nobody else refers to.
    boolean isExclusive() {
        Tensor own = sum;
        return own != null && owners.isSole(own) && fills(own);
    }

    /// The sum is of no use to this place any more.
    void drop() {
        owners.drop(sum);
    }
}
