package dev.retort.tensor;

import java.util.Arrays;

/// The extents of a tensor, outermost dimension first; immutable. A scalar has rank 0 and one element.
///
/// Advantages over `int[]`: value equality, checked element count (at most 2³¹ − 1), readable printing.
/// Disadvantage: [#dims()] copies; kernels read extents once, outside their loops.
public final class Shape {
    /// The shape of a scalar.
    public static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;
    private final int numel;

    private Shape(int[] dims) {
        long count = 1;
        boolean empty = false;
        for (int d : dims) {
            if (d < 0) {
                throw new OpException("shape: dimensions must not be negative, got " + Arrays.toString(dims));
            }
            empty |= d == 0;
        }
        for (int d : dims) {
            count = empty ? 0 : Math.multiplyExact(count, (long) d);
            if (count > Integer.MAX_VALUE) {
                throw new OpException(
                        "shape: a tensor holds at most 2147483647 elements, got " + Arrays.toString(dims));
            }
        }
        this.dims = dims;
        this.numel = (int) count;
    }

    /// A shape of the given extents.
    ///
    /// @throws OpException if an extent is negative or the element count exceeds 2³¹ − 1
    public static Shape of(int... dims) {
        return new Shape(dims.clone());
    }

    /// Number of dimensions.
    public int rank() {
        return dims.length;
    }

    /// Number of elements, the product of the extents.
    public int numel() {
        return numel;
    }

    /// Extent of dimension `dim`; negative values count from the end.
    ///
    /// @throws OpException if there is no such dimension
    public int dim(int dim) {
        if (dims.length == 0) {
            throw new OpException("shape: a scalar has no dimensions, got " + dim);
        }
        return dims[normalise("shape", dim)];
    }

    /// A copy of the extents.
    public int[] dims() {
        return dims.clone();
    }

    /// `dim` as an index in `[0, rank)`; negative values count from the end.
    ///
    /// @throws OpException naming `op` if `dim` is outside `[-rank, rank)`
    public int normalise(String op, int dim) {
        int rank = Math.max(dims.length, 1);
        if (dim < -rank || dim >= rank) {
            throw new OpException(
                    op + ": dimension must be in [" + -rank + ", " + (rank - 1) + "], got " + dim + " for " + this);
        }
        return dim < 0 ? dim + rank : dim;
    }

    /// Strides, in elements, of a contiguous row-major layout.
    public int[] contiguousStrides() {
        int[] strides = new int[dims.length];
        int step = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= Math.max(dims[i], 1);
        }
        return strides;
    }

    /// This shape with the extent of `dim` replaced.
    public Shape with(int dim, int extent) {
        int[] copy = dims.clone();
        copy[dim] = extent;
        return new Shape(copy);
    }

    /// This shape with dimension `dim` removed.
    public Shape without(int dim) {
        int[] copy = new int[dims.length - 1];
        System.arraycopy(dims, 0, copy, 0, dim);
        System.arraycopy(dims, dim + 1, copy, dim, copy.length - dim);
        return new Shape(copy);
    }

    /// This shape with a new dimension of `extent` inserted before `dim`.
    public Shape insert(int dim, int extent) {
        int[] copy = new int[dims.length + 1];
        System.arraycopy(dims, 0, copy, 0, dim);
        copy[dim] = extent;
        System.arraycopy(dims, dim, copy, dim + 1, dims.length - dim);
        return new Shape(copy);
    }

    /// The shape that both operands of an element-wise op expand to: aligned at the last dimension,
    /// extents equal or 1.
    ///
    /// @throws OpException naming `op` if the shapes do not broadcast
    public static Shape broadcast(String op, Shape a, Shape b) {
        if (a.equals(b)) {
            return a;
        }
        int rank = Math.max(a.rank(), b.rank());
        int[] out = new int[rank];
        for (int i = 1; i <= rank; i++) {
            int da = i <= a.rank() ? a.dims[a.rank() - i] : 1;
            int db = i <= b.rank() ? b.dims[b.rank() - i] : 1;
            if (da != db && da != 1 && db != 1) {
                throw new OpException(op + ": shapes must broadcast (equal or 1, aligned at the last dimension), got "
                        + a + " and " + b);
            }
            out[rank - i] = da == 1 ? db : da;
        }
        return new Shape(out);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Shape s && Arrays.equals(dims, s.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
