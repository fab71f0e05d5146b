package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.op.ReductionOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Float32 sums, means and extremes over any dims: one pass for each group of neighbouring dims, the
/// last group first.
///
/// Long sums are cut into pieces of fixed length; the pieces are added in order in double.
final class FastReduction {
    /// Floats of one piece of a long row, and about the work of one parallel task.
    private static final int PIECE = 1 << 15;
    /// Rows of one piece when whole rows are added up.
    private static final int PIECE_ROWS = 256;

    /// Elements of one parallel task of running sums.
    private static final int TASK = 1 << 15;

    private enum Kind {
        SUM,
        MAX,
        MIN,
        SQUARES
    }

    private FastReduction() {}

    static Tensor @Nullable [] run(ReductionOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case ReductionOp.Sum _ -> Dense.one(reduce(Kind.SUM, op, in[0]), out[0].shape());
            case ReductionOp.Mean _ -> Dense.one(mean(op, in[0], out[0].shape()), out[0].shape());
            case ReductionOp.AMax _ -> Dense.one(reduce(Kind.MAX, op, in[0]), out[0].shape());
            case ReductionOp.AMin _ -> Dense.one(reduce(Kind.MIN, op, in[0]), out[0].shape());
            case ReductionOp.Norm o -> o.p() == 2 && trailing(o, in[0]) ? norm(o, in[0], out[0].shape()) : null;
            case ReductionOp.Var o ->
                trailing(o, in[0]) ? FastRowReduction.var(o.correction(), in[0], out[0].shape()) : null;
            case ReductionOp.Std o ->
                trailing(o, in[0]) ? FastRowReduction.std(o.correction(), in[0], out[0].shape()) : null;
            case ReductionOp.LogSumExp o ->
                trailing(o, in[0]) ? FastRowReduction.logSumExp(in[0], out[0].shape()) : null;
            case ReductionOp.MaxWithIndices o ->
                trailing(o, in[0]) ? FastRowReduction.extremes(o.largest(), in[0], out[0].shape()) : null;
            case ReductionOp.ArgMax o ->
                trailing(o, in[0])
                        ? new Tensor[] {FastRowReduction.extremes(o.largest(), in[0], out[0].shape())[1]}
                        : null;
            case ReductionOp.CumSum(int dim) ->
                in[0].rank() == 0 ? null : Dense.one(cumSum(in[0], dim), out[0].shape());
            case ReductionOp.Prod _, ReductionOp.CumProd _, ReductionOp.Any _, ReductionOp.All _ -> null;
        };
    }

    /// Running sums in double, as in the reference; rows of a dimension that is not the last side by side.
    private static float[] cumSum(Tensor tensor, int dim) {
        Dense x = Dense.of(tensor);
        int n = tensor.size(dim);
        int inner = 1;
        for (int d = dim + 1; d < tensor.rank(); d++) {
            inner *= tensor.size(d);
        }
        float[] y = new float[tensor.numel()];
        int width = inner;
        Parallel.forRange(y.length / (n * width), Math.max(1, TASK / (n * width)), (from, to) -> {
            double[] sums = new double[width];
            for (int i = from * n * width; i < to * n * width; i += n * width) {
                Arrays.fill(sums, 0);
                for (int k = i; k < i + n * width; k += width) {
                    for (int j = 0; j < width; j++) {
                        sums[j] += x.data()[x.offset() + k + j];
                        y[k + j] = (float) sums[j];
                    }
                }
            }
        });
        return y;
    }

    private static float[] mean(ReductionOp op, Tensor x, Shape out) {
        float[] y = reduce(Kind.SUM, op, x);
        float count = (float) (x.numel() / out.numel());
        for (int i = 0; i < y.length; i++) {
            y[i] /= count;
        }
        return y;
    }

    /// Whether the reduced dims are the last ones, and there are some.
    private static boolean trailing(ReductionOp op, Tensor x) {
        if (op.dims().length == 0 || x.rank() == 0) {
            return false;
        }
        boolean[] reduced = flags(op, x.rank());
        for (int d = 1; d < reduced.length; d++) {
            if (reduced[d - 1] && !reduced[d]) {
                return false;
            }
        }
        return true;
    }

    private static Tensor[] norm(ReductionOp.Norm op, Tensor x, Shape out) {
        float[] y = reduce(Kind.SQUARES, op, x);
        for (int i = 0; i < y.length; i++) {
            y[i] = (float) Math.sqrt(y[i]);
        }
        return Dense.one(y, out);
    }

    private static boolean[] flags(ReductionOp op, int rank) {
        boolean[] reduced = new boolean[rank];
        for (int d : op.dims()) {
            reduced[d] = true;
        }
        return reduced;
    }

    private static float[] reduce(Kind kind, ReductionOp op, Tensor x) {
        boolean[] reduced = flags(op, x.rank());
        Dense dense = Dense.of(x);
        float[] data = dense.data();
        int offset = dense.offset();
        int inner = 1;
        int outer = x.numel();
        for (int d = x.rank() - 1; d >= 0; ) {
            int group = 1;
            boolean kept = !reduced[d];
            for (; d >= 0 && reduced[d] != kept; d--) {
                group *= x.size(d);
            }
            outer /= group;
            if (kept) {
                inner *= group;
            } else {
                float[] y = new float[outer * inner];
                if (inner == 1) {
                    rows(kind, data, offset, outer, group, y);
                } else {
                    columns(kind, data, offset, outer, group, inner, y);
                }
                data = y;
                offset = 0;
            }
        }
        return data == dense.data() ? Arrays.copyOfRange(data, offset, offset + x.numel()) : data;
    }

    /// `y[r]` = combination of the n floats of row r.
    private static void rows(Kind kind, float[] x, int xo, int rows, int n, float[] y) {
        int pieces = (n + PIECE - 1) / PIECE;
        if (pieces == 1) {
            Parallel.forRange(rows, Math.max(1, PIECE / n), (from, to) -> {
                for (int r = from; r < to; r++) {
                    y[r] = row(kind, x, xo + r * n, n);
                }
            });
            return;
        }
        float[] partial = new float[rows * pieces];
        Parallel.forRange(partial.length, 1, (from, to) -> {
            for (int t = from; t < to; t++) {
                int start = t % pieces * PIECE;
                partial[t] = row(kind, x, xo + t / pieces * n + start, Math.min(PIECE, n - start));
            }
        });
        for (int r = 0; r < rows; r++) {
            y[r] = combine(kind, partial, r * pieces, pieces);
        }
    }

    private static float row(Kind kind, float[] x, int o, int n) {
        return switch (kind) {
            case SUM -> RowSums.sum(x, o, n);
            case MAX -> RowSums.max(x, o, n);
            case MIN -> RowSums.min(x, o, n);
            case SQUARES -> RowSums.sumSquares(x, o, n, 0f);
        };
    }

    private static float combine(Kind kind, float[] partial, int o, int n) {
        return switch (kind) {
            case SUM, SQUARES -> {
                double total = 0;
                for (int i = 0; i < n; i++) {
                    total += partial[o + i];
                }
                yield (float) total;
            }
            case MAX -> RowSums.max(partial, o, n);
            case MIN -> RowSums.min(partial, o, n);
        };
    }

    /// `y[o, i]` = combination over r of `x[o, r, i]`; rows are added to rows, piece by piece.
    private static void columns(Kind kind, float[] x, int xo, int outer, int rows, int inner, float[] y) {
        int pieces = (rows + PIECE_ROWS - 1) / PIECE_ROWS;
        float[] partial = pieces == 1 ? y : new float[outer * pieces * inner];
        int work = Math.min(rows, PIECE_ROWS) * inner;
        Parallel.forRange(outer * pieces, Math.max(1, PIECE / work), (from, to) -> {
            for (int t = from; t < to; t++) {
                int first = t % pieces * PIECE_ROWS;
                int start = xo + (t / pieces * rows + first) * inner;
                addRows(kind, x, start, Math.min(PIECE_ROWS, rows - first), inner, partial, t * inner);
            }
        });
        if (pieces > 1) {
            for (int o = 0; o < outer; o++) {
                addRows(kind, partial, o * pieces * inner, pieces, inner, y, o * inner);
            }
        }
    }

    private static void addRows(Kind kind, float[] x, int xo, int rows, int inner, float[] y, int yo) {
        System.arraycopy(x, xo, y, yo, inner);
        for (int r = 1; r < rows; r++) {
            int row = xo + r * inner;
            switch (kind) {
                case SUM -> BinaryLoops.add(y, yo, x, row, y, yo, inner);
                case MAX -> BinaryLoops.max(y, yo, x, row, y, yo, inner);
                case MIN -> BinaryLoops.min(y, yo, x, row, y, yo, inner);
                case SQUARES -> throw new AssertionError("squares are summed along rows only");
            }
        }
    }
}
