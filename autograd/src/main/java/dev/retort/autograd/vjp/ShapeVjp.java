package dev.retort.autograd.vjp;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.ShapeOp;
import org.jspecify.annotations.Nullable;

/// Gradients of [ShapeOp]: all are linear, so nothing is saved; the gradient is the adjoint map of
/// places.
final class ShapeVjp {
    private ShapeVjp() {}

    static Rule of(ShapeOp op) {
        return switch (op) {
            case ShapeOp.View view -> view(view);
            // embed is the adjoint of its view, so the view is the adjoint of embed
            case ShapeOp.Embed(ShapeOp.View view, Shape _) -> Rule.linear(c -> look(view, c.g()));
            case ShapeOp.Contiguous() -> Rule.linear(c -> c.g());
            // dxᵢ = the i-th piece of g
            case ShapeOp.Cat(int dim) -> Rule.joint(Saved.NOTHING, c -> pieces(c, dim));
            case ShapeOp.Pad(int[] before, int[] after, ShapeOp.PadMode mode, double _) ->
                Rule.linear(c -> Engine.one(new ShapeOp.PadBackward(before, after, mode, c.shape(0)), c.g()));
            // the adjoint of the adjoint: padding, with zeros in constant mode
            case ShapeOp.PadBackward(int[] before, int[] after, ShapeOp.PadMode mode, Shape _) ->
                Rule.linear(c -> Engine.one(new ShapeOp.Pad(before, after, mode, 0), c.g()));
            case ShapeOp.Flip(int[] dims) -> Rule.linear(c -> Engine.one(new ShapeOp.Flip(dims), c.g()));
            case ShapeOp.Roll(int[] shifts, int[] dims) ->
                Rule.linear(c -> Engine.one(new ShapeOp.Roll(negated(shifts), dims), c.g()));
            // the gradients of the copies of one element added
            case ShapeOp.RepeatInterleave(int repeats, int dim) ->
                Rule.linear(
                        c -> c.g().reshape(c.shape(0).insert(dim + 1, repeats)).sum(false, dim + 1));
            case ShapeOp.Triangle(boolean lower, int diagonal) ->
                Rule.linear(c -> Engine.one(new ShapeOp.Triangle(lower, diagonal), c.g()));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    private static Rule view(ShapeOp.View op) {
        return switch (op) {
            case ShapeOp.Reshape(Shape _) -> Rule.linear(c -> c.g().reshape(c.shape(0)));
            // the inverse permutation
            case ShapeOp.Permute(int[] dims) -> Rule.linear(c -> c.g().permute(inverse(dims)));
            // the gradients of the copies added
            case ShapeOp.Expand(Shape _) -> Rule.linear(c -> c.sumTo(0, c.g()));
            // zeros with g at the places that were seen
            case ShapeOp.Slice _, ShapeOp.Diagonal _ ->
                Rule.linear(c -> Engine.one(new ShapeOp.Embed(op, c.shape(0)), c.g()));
        };
    }

    private static Tensor look(ShapeOp.View view, Tensor x) {
        return view instanceof ShapeOp.Reshape(Shape shape) ? x.reshape(shape) : Engine.one(view, x);
    }

    private static @Nullable Tensor[] pieces(VjpContext c, int dim) {
        @Nullable Tensor[] pieces = new Tensor[c.inputs()];
        int start = 0;
        for (int i = 0; i < pieces.length; i++) {
            int length = c.shape(i).dim(dim);
            if (c.needs(i)) {
                pieces[i] = c.g().narrow(dim, start, length);
            }
            start += length;
        }
        return pieces;
    }

    private static int[] inverse(int[] permutation) {
        int[] inverse = new int[permutation.length];
        for (int i = 0; i < permutation.length; i++) {
            inverse[permutation[i]] = i;
        }
        return inverse;
    }

    private static int[] negated(int[] shifts) {
        int[] negated = new int[shifts.length];
        for (int i = 0; i < shifts.length; i++) {
            negated[i] = -shifts[i];
        }
        return negated;
    }
}
