package dev.retort.tensor.cpu.fast;

import org.jspecify.annotations.Nullable;

/// A row that all rows of a broadcast read, such as a bias, written out several times and a little further, so that
/// whole vectors run from one row of the other operand into the next.
///
/// Row by row, the elements before the first cache line and behind the last vector go one by one, which
/// takes a third of the time of 1,024 rows of 384, and more of shorter ones.
final class RepeatedRow {
    /// A piece of the result: elements `[y, y + n)`, which read the repeated row from `at` on.
    @FunctionalInterface
    interface Piece {
        void run(int y, int at, int n);
    }

    /// Floats of a cache line, a multiple of every vector's.
    private static final int LINE = 16;
    /// Longer rows lose little at their ends.
    private static final int LONGEST = 4096;
    /// A piece is at least as long.
    private static final int PIECE = 1024;
    /// A result has at least so many pieces, so that writing the row out takes little of the time.
    private static final int PIECES = 8;

    /// The row, repeated to `period` floats and on for one line less a float.
    final float[] data;

    private final int period;

    private RepeatedRow(float[] data, int period) {
        this.data = data;
        this.period = period;
    }

    /// Operand `k` of a walk over two as a repeated row, null where it is none or where that does not pay.
    static @Nullable RepeatedRow of(Broadcast walk, int k, float[] from) {
        if (walk.length > LONGEST || !walk.isRow(k) || !walk.isDense(1 - k)) {
            return null;
        }
        int period = walk.length * Math.ceilDiv(PIECE, walk.length);
        if ((long) walk.rows * walk.length < (long) PIECES * period) {
            return null;
        }
        float[] data = new float[period + LINE - 1];
        int start = walk.start(k, 0);
        for (int i = 0; i < data.length; i += walk.length) {
            System.arraycopy(from, start, data, i, Math.min(walk.length, data.length - i));
        }
        return new RepeatedRow(data, period);
    }

    /// Cuts elements `[from, to)` of the result into pieces of whole lines, but for the last.
    void cut(int from, int to, Piece piece) {
        int at = from % period;
        for (int y = from; y < to; ) {
            int n = Math.min(to - y, Math.ceilDiv(period - at, LINE) * LINE);
            piece.run(y, at, n);
            y += n;
            at = (at + n) % period;
        }
    }
}
