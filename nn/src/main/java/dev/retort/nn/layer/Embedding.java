package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;

/// A table of vectors looked up by index.
///
/// **Shape**: indices of any shape `[...]` → `[..., D]`. **Parameters**: `weight` `[V, D]`, standard
/// normal at first.
public final class Embedding extends Layer {
    private final int rows;
    private final int width;
    private final int paddingIndex;
    private final Parameter weight;

    /// A table of `rows` vectors of `width` numbers.
    public Embedding(int rows, int width, Rng rng) {
        this(rows, width, -1, rng);
    }

    /// A table whose row `paddingIndex` is 0 at first and gets no gradient; −1 for none.
    public Embedding(int rows, int width, int paddingIndex, Rng rng) {
        this(rows, width, paddingIndex, 1, rng);
    }

    /// A table whose numbers have the standard deviation `std` at first.
    public Embedding(int rows, int width, int paddingIndex, double std, Rng rng) {
        this.rows = rows;
        this.width = width;
        this.paddingIndex = paddingIndex;
        Tensor initial = Init.normal(Shape.of(rows, width), 0, std, rng);
        if (paddingIndex >= 0) {
            initial.select(0, paddingIndex).copyFrom(Tensor.scalar(DType.F32, 0));
        }
        weight = parameter("weight", initial);
    }

    /// The table `[V, D]`.
    public Parameter weight() {
        return weight;
    }

    @Override
    protected Tensor forward(Tensor indices) {
        return Engine.one(new IndexOp.Embedding(paddingIndex), weight.value(), indices);
    }

    @Override
    protected String extra() {
        return rows + ", " + width + (paddingIndex < 0 ? "" : ", padding = " + paddingIndex);
    }
}
