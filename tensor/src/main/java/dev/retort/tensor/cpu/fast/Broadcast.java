package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// How operands of a broadcast are walked: rows of a merged last dimension, with one start and one step
/// per operand.
///
/// Neighbouring dimensions that all operands walk evenly are merged, so that equal shapes become one row,
/// a bias becomes rows of one vector, and a channel scale becomes rows of one scalar.
final class Broadcast {
    /// Elements of a row.
    final int length;
    /// Number of rows.
    final int rows;
    /// Step along a row, by operand.
    final int[] step;

    private final int[] dims;
    private final int[][] strides;
    private final int[] offsets;

    Broadcast(Shape out, Tensor... operands) {
        int count = operands.length;
        int[] merged = new int[out.rank() + 1];
        int[][] walk = new int[count][out.rank() + 1];
        int[][] given = new int[count][];
        offsets = new int[count];
        for (int k = 0; k < count; k++) {
            given[k] = expanded(out, operands[k]);
            offsets[k] = operands[k].offset();
        }
        int n = 0;
        for (int d = 0; d < out.rank(); d++) {
            int extent = out.dim(d);
            if (extent == 1) {
                continue;
            }
            boolean joins = n > 0;
            for (int k = 0; k < count && joins; k++) {
                joins = walk[k][n - 1] == given[k][d] * extent;
            }
            n = joins ? n - 1 : n;
            merged[n] = joins ? merged[n] * extent : extent;
            for (int k = 0; k < count; k++) {
                walk[k][n] = given[k][d];
            }
            n++;
        }
        int last = Math.max(0, n - 1);
        length = n == 0 ? 1 : merged[last];
        dims = Arrays.copyOf(merged, last);
        strides = walk;
        step = new int[count];
        for (int k = 0; k < count; k++) {
            step[k] = n == 0 ? 0 : walk[k][last];
        }
        rows = out.numel() / length;
    }

    private static int[] expanded(Shape out, Tensor x) {
        int[] own = x.strides();
        int[] result = new int[out.rank()];
        int added = out.rank() - x.rank();
        for (int d = 0; d < own.length; d++) {
            result[added + d] = x.size(d) == 1 ? 0 : own[d];
        }
        return result;
    }

    /// Whether operand `k` is one row that all rows read.
    boolean isRow(int k) {
        return dims.length == 1 && step[k] == 1 && strides[k][0] == 0;
    }

    /// Whether the rows of operand `k` follow each other without gaps.
    boolean isDense(int k) {
        return dims.length == 1 && step[k] == 1 && strides[k][0] == length;
    }

    /// Where row `row` of operand `k` starts in its storage.
    int start(int k, int row) {
        int at = offsets[k];
        int rest = row;
        for (int d = dims.length - 1; d >= 0; d--) {
            at += rest % dims[d] * strides[k][d];
            rest /= dims[d];
        }
        return at;
    }
}
