package dev.retort.opencl.launch;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// The struct `Layout` of the kernels: how several windows of one shape lie in their buffers.
///
/// Neighbouring dimensions that every window walks through in one step are joined, so that contiguous
/// tensors of any rank become vectors. What is left of a tensor with more than [#RANK] dimensions is an
/// error.
final class Layout {
    static final int RANK = 6;
    static final int OPERANDS = 8;

    private final int count;
    private int rank;
    private final int[] dims;
    private final int[] offsets = new int[OPERANDS];
    private final int[][] strides = new int[OPERANDS][];

    /// @param first the number of the first window's operand
    private Layout(Shape shape, int first, Tensor... windows) {
        count = shape.numel();
        dims = shape.dims().length == 0 ? new int[] {1} : shape.dims();
        for (int k = 0; k < OPERANDS; k++) {
            int window = k - first;
            boolean given = window >= 0 && window < windows.length;
            offsets[k] = given ? windows[window].offset() : 0;
            strides[k] = given ? expanded(windows[window], dims.length) : new int[dims.length];
        }
        if (first == 1 && shape.rank() > 0) {
            strides[0] = shape.contiguousStrides();
        }
        join();
    }

    /// Windows that broadcast to `shape`.
    static Layout of(String what, Shape shape, Tensor... windows) {
        return new Layout(shape, 0, windows).checked(what, shape);
    }

    /// A contiguous result as operand 0 and windows that broadcast to it.
    static Layout ofResult(String what, Shape shape, Tensor... windows) {
        return new Layout(shape, 1, windows).checked(what, shape);
    }

    /// Whether [#ofResult] takes the windows.
    static boolean fits(Shape shape, Tensor... windows) {
        return windows.length < OPERANDS && new Layout(shape, 1, windows).rank <= RANK;
    }

    private Layout checked(String what, Shape shape) {
        if (rank > RANK) {
            throw new OpException(what + ": on this device a tensor may have at most " + RANK
                    + " dimensions that do not join, got " + shape);
        }
        return this;
    }

    /// Strides over `rank` dimensions, 0 where the window has extent 1.
    private static int[] expanded(Tensor window, int rank) {
        int[] out = new int[rank];
        int[] own = window.strides();
        int added = rank - own.length;
        for (int d = 0; d < own.length; d++) {
            out[added + d] = window.size(d) == 1 ? 0 : own[d];
        }
        return out;
    }

    /// Drops extents of 1 and joins dimension d with d + 1 where stride[d] = dims[d + 1] · stride[d + 1].
    private void join() {
        int kept = -1;
        for (int d = 0; d < dims.length; d++) {
            if (dims[d] == 1 && !(d == dims.length - 1 && kept < 0)) {
                continue;
            }
            if (kept >= 0 && joins(kept, d)) {
                dims[kept] *= dims[d];
                copyStrides(d, kept);
            } else {
                kept++;
                dims[kept] = dims[d];
                copyStrides(d, kept);
            }
        }
        rank = kept + 1;
    }

    private boolean joins(int outer, int inner) {
        for (int[] s : strides) {
            if (s[outer] != dims[inner] * s[inner]) {
                return false;
            }
        }
        return true;
    }

    private void copyStrides(int from, int to) {
        for (int k = 0; k < OPERANDS; k++) {
            strides[k][to] = strides[k][from];
        }
    }

    /// Writes extents and the strides of the first two operands, `room` ints each; returns the rank.
    int leading(int room, int[] out, int at) {
        if (rank > room) {
            throw new OpException("matmul: on this device a batch may have at most " + room
                    + " dimensions that do not join, got " + rank);
        }
        for (int d = 0; d < rank; d++) {
            out[at + d] = dims[d];
            out[at + room + d] = strides[0][d];
            out[at + 2 * room + d] = strides[1][d];
        }
        return rank;
    }

    /// Number of elements.
    int count() {
        return count;
    }

    /// Whether every window is a vector.
    boolean isFlat() {
        return rank == 1;
    }

    /// The definitions of a kernel for windows like these: in vectors, places need no divisions.
    String variant(String types) {
        return isFlat() ? Types.with(types, "FLAT", 1) : types;
    }

    /// The fields in the order of the struct.
    int[] fields() {
        int[] out = new int[2 + RANK + OPERANDS + OPERANDS * RANK];
        out[0] = count;
        out[1] = rank;
        System.arraycopy(dims, 0, out, 2, rank);
        System.arraycopy(offsets, 0, out, 2 + RANK, OPERANDS);
        for (int k = 0; k < OPERANDS; k++) {
            System.arraycopy(strides[k], 0, out, 2 + RANK + OPERANDS + k * RANK, rank);
        }
        return out;
    }
}
