package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Gradients of slices of one tensor, until all have arrived: side by side they are its gradient, as those of query,
/// key and value are, which takes one pass instead of zeros and an addition for each.
final class GradientPieces {
    private final Shape whole;
    private final List<Piece> all = new ArrayList<>();

    /// The gradient of what a slice sees.
    record Piece(ShapeOp.Slice slice, Tensor gradient) {}

    GradientPieces(Shape whole) {
        this.whole = whole;
    }

    void add(ShapeOp.Slice slice, Tensor gradient) {
        all.add(new Piece(slice, gradient));
    }

    /// The pieces in the order of their arrival.
    List<Piece> all() {
        return all;
    }

    /// The pieces behind each other if they cover the whole, each place once.
    @Nullable
    Tensor joined() {
        int dim = all.getFirst().slice.dim();
        List<Piece> ordered = new ArrayList<>(all);
        ordered.sort(Comparator.comparingInt(piece -> piece.slice.start()));
        int end = 0;
        for (Piece piece : ordered) {
            ShapeOp.Slice slice = piece.slice;
            if (slice.dim() != dim || slice.step() != 1 || slice.length() == 0 || slice.start() != end) {
                return null;
            }
            end += slice.length();
        }
        return end == whole.dim(dim) && all.size() > 1
                ? Engine.one(
                        new ShapeOp.Cat(dim),
                        ordered.stream().map(Piece::gradient).toArray(Tensor[]::new))
                : null;
    }

    /// A piece between zeros.
    Tensor embedded(Piece piece) {
        return Engine.one(new ShapeOp.Embed(piece.slice, whole), piece.gradient);
    }
}
