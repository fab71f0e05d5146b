package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.StridedCopy;

/// Moves elements without converting them, so that every dtype keeps all its bits.
final class Moves {
    private Moves() {}

    /// `to[j] = from[i]` for buffers of one dtype.
    static void element(HostStorage from, int i, HostStorage to, int j) {
        switch (from.dtype()) {
            case F32 -> to.floats()[j] = from.floats()[i];
            case F64 -> to.doubles()[j] = from.doubles()[i];
            case BF16, F16 -> to.shorts()[j] = from.shorts()[i];
            case I64 -> to.longs()[j] = from.longs()[i];
            case I32 -> to.ints()[j] = from.ints()[i];
            case I8, U8, BOOL -> to.bytes()[j] = from.bytes()[i];
        }
    }

    /// A row-major tensor around a whole buffer.
    static Tensor whole(HostStorage storage, Shape shape) {
        return Tensor.of(storage, 0, shape, shape.contiguousStrides());
    }

    /// A fresh row-major copy.
    static Tensor copy(Tensor x) {
        Tensor copy = whole(HostStorage.allocate(x.dtype(), x.numel()), x.shape());
        StridedCopy.copy(x, copy);
        return copy;
    }

    /// `x` repeated along extents of 1 and new leading dimensions, without a copy.
    static Tensor broadcast(Tensor x, Shape shape) {
        int[] strides = x.strides();
        int added = shape.rank() - strides.length;
        int[] expanded = new int[shape.rank()];
        for (int d = 0; d < strides.length; d++) {
            expanded[added + d] = x.size(d) == 1 ? 0 : strides[d];
        }
        return Tensor.of(x.storage(), x.offset(), shape, expanded);
    }

    /// The slices `from[0], from[1], …` of dimension `dim`, row-major.
    static HostStorage slices(HostStorage source, Shape shape, int dim, int[] from) {
        int extent = shape.dim(dim);
        int inner = inner(shape, dim);
        int outer = extent == 0 ? 0 : source.size() / (extent * Math.max(inner, 1));
        HostStorage out = HostStorage.allocate(source.dtype(), outer * from.length * inner);
        int at = 0;
        for (int o = 0; o < outer; o++) {
            for (int k : from) {
                System.arraycopy(source.array(), (o * extent + k) * inner, out.array(), at, inner);
                at += inner;
            }
        }
        return out;
    }

    /// Number of elements of the dimensions after `dim`.
    static int inner(Shape shape, int dim) {
        int inner = 1;
        for (int d = dim + 1; d < shape.rank(); d++) {
            inner *= shape.dim(d);
        }
        return inner;
    }

    /// Σ index[d]·strides[d] of every index of `shape`, in row-major order.
    static int[] offsets(Shape shape, int[] strides) {
        int[] dims = shape.dims();
        int[] out = new int[shape.numel()];
        int[] index = new int[dims.length];
        int at = 0;
        for (int i = 0; i < out.length; i++) {
            out[i] = at;
            for (int d = dims.length - 1; d >= 0; d--) {
                at += strides[d];
                if (++index[d] < dims[d]) {
                    break;
                }
                at -= dims[d] * strides[d];
                index[d] = 0;
            }
        }
        return out;
    }

    /// `x` with `dims` moved to the end in the given order: rows along them. A view; scalars stay
    /// scalars.
    static Tensor rows(Tensor x, int[] dims) {
        int rank = x.rank();
        if (rank == 0) {
            return x;
        }
        int[] strides = x.strides();
        int[] order = rowOrder(rank, dims);
        int[] extents = new int[rank];
        int[] moved = new int[rank];
        for (int i = 0; i < rank; i++) {
            extents[i] = x.size(order[i]);
            moved[i] = strides[order[i]];
        }
        return Tensor.of(x.storage(), x.offset(), Shape.of(extents), moved);
    }

    /// Undoes [#rows]: the buffer holds the elements of `type` in rows along `dims`; row-major result.
    static Tensor unrows(HostStorage data, TensorType type, int... dims) {
        int rank = type.shape().rank();
        if (rank == 0) {
            return whole(data, type.shape());
        }
        int[] order = rowOrder(rank, dims);
        int[] extents = new int[rank];
        for (int i = 0; i < rank; i++) {
            extents[i] = type.shape().dim(order[i]);
        }
        int[] moved = Shape.of(extents).contiguousStrides();
        int[] strides = new int[rank];
        for (int i = 0; i < rank; i++) {
            strides[order[i]] = moved[i];
        }
        Tensor view = Tensor.of(data, 0, type.shape(), strides);
        return view.isContiguous() ? view : copy(view);
    }

    private static int[] rowOrder(int rank, int[] dims) {
        boolean[] last = new boolean[rank];
        for (int d : dims) {
            last[d] = true;
        }
        int[] order = new int[rank];
        int n = 0;
        for (int d = 0; d < rank; d++) {
            if (!last[d]) {
                order[n++] = d;
            }
        }
        System.arraycopy(dims, 0, order, n, dims.length);
        return order;
    }
}
