package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.op.ResampleOp;

/// For each result position along one direction the two source positions between which it lies, and the
/// share of the higher one.
///
/// @param low   the lower source position
/// @param high  the higher one, or the same
/// @param share of the higher one, in [0, 1)
public record ResampleTaps(int[] low, int[] high, double[] share) {
    /// For `out` results from `size` source positions.
    public static ResampleTaps of(ResampleOp op, int size, int out) {
        ResampleTaps taps = new ResampleTaps(new int[out], new int[out], new double[out]);
        for (int i = 0; i < out; i++) {
            switch (op.mode()) {
                case NEAREST -> {
                    taps.low[i] = (int) ((long) i * size / out);
                    taps.high[i] = taps.low[i];
                }
                case BILINEAR -> {
                    double at = op.alignCorners() ? cornerAligned(i, size, out) : centred(i, size, out);
                    taps.low[i] = Math.min((int) at, size - 1);
                    taps.high[i] = Math.min(taps.low[i] + 1, size - 1);
                    taps.share[i] = taps.high[i] == taps.low[i] ? 0 : at - taps.low[i];
                }
            }
        }
        return taps;
    }

    /// (i + ½)·size/out − ½, at least 0.
    private static double centred(int i, int size, int out) {
        return Math.max(0, (i + 0.5) * size / out - 0.5);
    }

    /// i·(size − 1)/(out − 1), 0 for a single result.
    private static double cornerAligned(int i, int size, int out) {
        return out == 1 ? 0 : (double) i * (size - 1) / (out - 1);
    }
}
