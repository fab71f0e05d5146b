package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.IndexOp;

/// Reference kernels of [IndexOp]. Elements are moved as they are; sums run in the order of the source
/// elements.
final class IndexReference {
    private IndexReference() {}

    static Tensor[] run(IndexOp op, Tensor[] in, TensorType[] out) {
        TensorType type = out[0];
        Tensor result = switch (op) {
            case IndexOp.Gather(int dim) -> gather(op, dim, in, type);
            case IndexOp.Scatter(int dim) -> scatter(op, dim, in, type);
            case IndexOp.ScatterAdd(int dim) -> addAt(in[0], places(op, dim, in), in[2], type);
            case IndexOp.ScatterReduce(int dim, var reduction) ->
                reduceAt(reduction, in[0], places(op, dim, in), in[2], type);
            case IndexOp.IndexSelect(int dim) -> {
                int[] from = slices(op, dim, in[1], in[0], in);
                yield Moves.whole(Moves.slices(Elements.rowMajor(in[0]), in[0].shape(), dim, from), type.shape());
            }
            case IndexOp.IndexAdd(int dim) -> addAt(in[0], slicePlaces(op, dim, in), in[2], type);
            case IndexOp.OneHot(int classes, var dtype) -> oneHot(op, classes, in, type);
            case IndexOp.Embedding o -> {
                int[] from = slices(op, 0, in[1], in[0], in);
                yield Moves.whole(Moves.slices(Elements.rowMajor(in[0]), in[0].shape(), 0, from), type.shape());
            }
            case IndexOp.EmbeddingBackward(int rows, int padding) -> embeddingBackward(op, rows, padding, in, type);
        };
        return new Tensor[] {result};
    }

    private static int checked(IndexOp op, long index, int dim, int extent, Tensor[] in) {
        if (index < 0 || index >= extent) {
            StringBuilder types = new StringBuilder();
            for (Tensor t : in) {
                types.append(types.isEmpty() ? "" : ", ").append(t.type());
            }
            throw new OpException(op.name() + ": index " + index + " is outside dimension " + dim + " of extent "
                    + extent + ", got " + types);
        }
        return (int) index;
    }

    /// For each element of the index, where in row-major x it points: its own position, but the index
    /// along `dim`.
    private static int[] places(IndexOp op, int dim, Tensor[] in) {
        Shape shape = in[0].shape();
        long[] index = Elements.longs(in[1]);
        if (shape.rank() == 0) {
            return new int[] {checked(op, index[0], 0, 1, in)};
        }
        int[] strides = shape.contiguousStrides();
        int along = strides[dim];
        strides[dim] = 0;
        int[] at = Moves.offsets(in[1].shape(), strides);
        for (int i = 0; i < at.length; i++) {
            at[i] += checked(op, index[i], dim, shape.dim(dim), in) * along;
        }
        return at;
    }

    /// The checked elements of a vector (or any tensor) of slice numbers.
    private static int[] slices(IndexOp op, int dim, Tensor index, Tensor x, Tensor[] in) {
        long[] k = Elements.longs(index);
        int[] out = new int[k.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = checked(op, k[i], dim, x.size(dim), in);
        }
        return out;
    }

    /// For each element of the source of an index-add, where in row-major x it is added.
    private static int[] slicePlaces(IndexOp op, int dim, Tensor[] in) {
        int[] k = slices(op, dim, in[1], in[0], in);
        int[] strides = in[0].shape().contiguousStrides();
        int along = strides[dim];
        strides[dim] = 0;
        int[] at = Moves.offsets(in[2].shape(), strides);
        int inner = Moves.inner(in[2].shape(), dim);
        for (int i = 0; i < at.length; i++) {
            at[i] += k[i / inner % k.length] * along;
        }
        return at;
    }

    /// out[i] = x[place[i]].
    private static Tensor gather(IndexOp op, int dim, Tensor[] in, TensorType type) {
        int[] at = places(op, dim, in);
        HostStorage x = Elements.rowMajor(in[0]);
        HostStorage y = HostStorage.allocate(type.dtype(), at.length);
        for (int i = 0; i < at.length; i++) {
            Moves.element(x, at[i], y, i);
        }
        return Moves.whole(y, type.shape());
    }

    /// A copy of x with out[place[i]] = source[i].
    private static Tensor scatter(IndexOp op, int dim, Tensor[] in, TensorType type) {
        int[] at = places(op, dim, in);
        Tensor result = Moves.copy(in[0]);
        HostStorage source = Elements.rowMajor(in[2]);
        for (int i = 0; i < at.length; i++) {
            Moves.element(source, i, (HostStorage) result.storage(), at[i]);
        }
        return result;
    }

    /// A copy of x with out[at[i]] += source[i].
    private static Tensor addAt(Tensor x, int[] at, Tensor source, TensorType type) {
        if (type.dtype().isFloating()) {
            double[] from = Elements.doubles(source);
            double[] sum = Elements.doubles(x).clone();
            for (int i = 0; i < at.length; i++) {
                sum[at[i]] += from[i];
            }
            return Elements.tensor(sum, type);
        }
        long[] from = Elements.longs(source);
        long[] sum = Elements.longs(x).clone();
        for (int i = 0; i < at.length; i++) {
            sum[at[i]] += from[i];
        }
        return Elements.tensor(sum, type);
    }

    /// A copy of x with out[at[i]] combined with source[i].
    private static Tensor reduceAt(IndexOp.Reduction how, Tensor x, int[] at, Tensor source, TensorType type) {
        if (type.dtype().isFloating()) {
            double[] from = Elements.doubles(source);
            double[] y = Elements.doubles(x).clone();
            for (int i = 0; i < at.length; i++) {
                y[at[i]] = switch (how) {
                    case PROD -> y[at[i]] * from[i];
                    case AMAX -> Math.max(y[at[i]], from[i]);
                    case AMIN -> Math.min(y[at[i]], from[i]);
                    case SUM, MEAN -> throw new AssertionError(how);
                };
            }
            return Elements.tensor(y, type);
        }
        long[] from = Elements.longs(source);
        long[] y = Elements.longs(x).clone();
        for (int i = 0; i < at.length; i++) {
            y[at[i]] = switch (how) {
                case PROD -> y[at[i]] * from[i];
                case AMAX -> Math.max(y[at[i]], from[i]);
                case AMIN -> Math.min(y[at[i]], from[i]);
                case SUM, MEAN -> throw new AssertionError(how);
            };
        }
        return Elements.tensor(y, type);
    }

    /// out[i][index[i]] = 1.
    private static Tensor oneHot(IndexOp op, int classes, Tensor[] in, TensorType type) {
        long[] index = Elements.longs(in[0]);
        HostStorage y = HostStorage.allocate(type.dtype(), type.shape().numel());
        for (int i = 0; i < index.length; i++) {
            y.setLong(i * classes + checked(op, index[i], in[0].rank(), classes, in), 1);
        }
        return Moves.whole(y, type.shape());
    }

    /// out[index[i]] += g[i], but nothing for the padding index.
    private static Tensor embeddingBackward(IndexOp op, int rows, int padding, Tensor[] in, TensorType type) {
        double[] g = Elements.doubles(in[0]);
        long[] index = Elements.longs(in[1]);
        int width = type.shape().dim(1);
        double[] sum = new double[rows * width];
        for (int i = 0; i < index.length; i++) {
            int row = checked(op, index[i], 0, rows, in);
            if (row != padding) {
                for (int j = 0; j < width; j++) {
                    sum[row * width + j] += g[i * width + j];
                }
            }
        }
        return Elements.tensor(sum, type);
    }
}
