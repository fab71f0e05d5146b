package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.NonDifferentiable;

/// Gradients of [IndexOp]: reading at an index and adding at it are each other's adjoints.
final class IndexVjp {
    private IndexVjp() {}

    static Rule of(IndexOp op) {
        return switch (op) {
            // y = x[index]: dx = 0, dx[index] += g
            case IndexOp.Gather(int dim) ->
                Rule.of(wrt(0, Saved.inputs(1), c -> Adjoints.place(c, dim, c.input(1), c.g())));
            // y = x, y[index] = s: dx = g but 0 at the index; ds = g[index] where that write was the last
            case IndexOp.Scatter(int dim) ->
                Rule.of(
                        wrt(0, Saved.inputs(1), c -> c.g().scatter(dim, c.input(1), c.zerosOf(2))),
                        wrt(2, Saved.inputs(1), c -> lastWrites(c, dim, c.g().gather(dim, c.input(1)))));
            // y = x, y[index] += s: dx = g, ds = g[index]
            case IndexOp.ScatterAdd(int dim) ->
                Rule.of(wrt(0, Saved.NOTHING, c -> c.g()), wrt(2, Saved.inputs(1), c -> c.g().gather(dim, c.input(1))));
            // y = x, y[index] combined with s: see [ScatterReduceGradient]
            case IndexOp.ScatterReduce o ->
                Rule.joint(Saved.inputs(0, 1, 2).and(Saved.outputs(0)), c -> ScatterReduceGradient.of(c, o));
            // y = x[…, index, …]: dx = 0, dx[…, index, …] += g
            case IndexOp.IndexSelect(int dim) ->
                Rule.of(wrt(0, Saved.inputs(1), c -> c.zerosOf(0).indexAdd(dim, c.input(1), c.g())));
            // y = x, y[…, index, …] += s: dx = g, ds = g[…, index, …]
            case IndexOp.IndexAdd(int dim) ->
                Rule.of(
                        wrt(0, Saved.NOTHING, c -> c.g()),
                        wrt(2, Saved.inputs(1), c -> c.g().indexSelect(dim, c.input(1))));
            // y = w[index]: dw = 0, dw[index] += g, but not in the padding row
            case IndexOp.Embedding(int padding) ->
                Rule.of(wrt(
                        0,
                        Saved.inputs(1),
                        c -> Engine.one(new IndexOp.EmbeddingBackward(c.shape(0).dim(0), padding), c.g(), c.input(1))));
            // its adjoint: rows of g at the index, zero for the padding row
            case IndexOp.EmbeddingBackward(int _, int padding) ->
                Rule.of(wrt(
                        0,
                        Saved.inputs(1),
                        c -> c.g().embedding(c.input(1))
                                .maskedFill(c.input(1).eq(padding).unsqueeze(-1), 0)));
            case NonDifferentiable _ -> Rule.NONE;
        };
    }

    /// `gradient` where a source element was the last that was written to its place, 0 where it was
    /// overwritten.
    private static Tensor lastWrites(VjpContext c, int dim, Tensor gradient) {
        Tensor index = c.input(1);
        Tensor number = Tensor.arange(index.numel()).reshape(index.shape()).to(index.device());
        Tensor places = c.zeros(c.inputType(0).with(DType.I64));
        Tensor winner = places.scatter(dim, index, number).gather(dim, index);
        return gradient.maskedFill(winner.ne(number), 0);
    }
}
