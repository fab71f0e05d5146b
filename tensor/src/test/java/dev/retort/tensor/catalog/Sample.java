package dev.retort.tensor.catalog;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// An op with its attributes and one set of inputs.
///
/// Floating inputs are made as `F64`; [#inputs(DType)] gives them in another floating dtype. Every call
/// makes fresh tensors of the same values, so a test may write to them.
public final class Sample {
    /// What a sample is for.
    public enum Kind {
        /// Small, finite, away from kinks and ties: every test, gradient checks included.
        REGULAR,
        /// NaN, infinities, ties, kinks, empty tensors: forward tests only.
        SPECIAL,
        /// Large enough for several chunks and the vector loops: thread-count, cold/hot and precision
        /// tests, but no gradient checks.
        LARGE
    }

    private final String label;
    private final Kind kind;
    private final Op op;
    private final Supplier<Tensor[]> inputs;
    private @Nullable Function<Tensor[], Tensor> method;

    Sample(String label, Kind kind, Op op, Supplier<Tensor[]> inputs) {
        this.label = label;
        this.kind = kind;
        this.op = op;
        this.inputs = inputs;
    }

    Sample method(Function<Tensor[], Tensor> sameResult) {
        method = sameResult;
        return this;
    }

    /// What is special about this sample; unique within its spec.
    public String label() {
        return label;
    }

    /// What it is for.
    public Kind kind() {
        return kind;
    }

    /// The op.
    public Op op() {
        return op;
    }

    /// Fresh inputs; the floating ones are `F64`.
    public Tensor[] inputs() {
        return inputs.get();
    }

    /// Fresh inputs with the floating ones in `dtype`.
    public Tensor[] inputs(DType dtype) {
        Tensor[] in = inputs.get();
        for (int i = 0; i < in.length; i++) {
            in[i] = in[i].dtype() == DType.F64 ? in[i].to(dtype) : in[i];
        }
        return in;
    }

    /// Computes the first result by a tensor method (with negative dims where it takes dims); null if
    /// none is given.
    public @Nullable Function<Tensor[], Tensor> method() {
        return method;
    }

    /// The results of the op; for an [UpdateOp] the inputs that it has written to. Reshapes go through
    /// the method, which copies where the layout allows no view.
    public Tensor[] run(Tensor... in) {
        if (op instanceof ShapeOp.Reshape(Shape shape) && in.length == 1 && in[0].numel() == shape.numel()) {
            return new Tensor[] {in[0].reshape(shape)};
        }
        Tensor[] results = Engine.run(op, in);
        if (!(op instanceof UpdateOp update)) {
            return results;
        }
        List<Tensor> written = new ArrayList<>();
        for (int i = 0; i < in.length; i++) {
            if (update.writes(i)) {
                written.add(in[i]);
            }
        }
        return written.toArray(Tensor[]::new);
    }

    /// Positions of the inputs that may get a gradient: the floating ones of a differentiable op.
    public int[] floatingInputs() {
        Tensor[] in = inputs.get();
        return op instanceof NonDifferentiable
                ? new int[0]
                : java.util.stream.IntStream.range(0, in.length)
                        .filter(i -> in[i].dtype().isFloating())
                        .toArray();
    }

    @Override
    public String toString() {
        return label;
    }
}
