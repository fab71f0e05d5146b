package dev.retort.tensor.cpu;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Copies elements between strided host tensors of one dtype and shape.
///
/// Dimensions that are adjacent in both layouts are merged first; the innermost loop then runs over the
/// longest run, and is an array copy when both sides are dense there.
public final class StridedCopy {
    private StridedCopy() {}

    /// `target[i…] = source[i…]`; `source` is not modified, `target` is. The two must not overlap unless
    /// identical.
    public static void copy(Tensor source, Tensor target) {
        if (source.dtype() != target.dtype() || !source.shape().equals(target.shape())) {
            throw new OpException("copy: expects one dtype and shape, got " + source.type() + " and " + target.type());
        }
        if (source.numel() == 0) {
            return;
        }
        int rank = source.rank();
        int[] dims = new int[rank + 1];
        int[] from = new int[rank + 1];
        int[] to = new int[rank + 1];
        int n = merge(source, target, dims, from, to);
        Object src = ((HostStorage) source.storage()).array();
        Object dst = ((HostStorage) target.storage()).array();
        walk(src, source.offset(), from, dst, target.offset(), to, dims, n, 0);
    }

    /// Fills dims/strides with merged dimensions, outermost first; returns how many there are (at least
    /// one).
    private static int merge(Tensor source, Tensor target, int[] dims, int[] from, int[] to) {
        int[] s = source.strides();
        int[] t = target.strides();
        int n = 0;
        for (int d = 0; d < source.rank(); d++) {
            int extent = source.size(d);
            if (extent == 1) {
                continue;
            }
            if (n > 0 && from[n - 1] == s[d] * extent && to[n - 1] == t[d] * extent) {
                dims[n - 1] *= extent;
                from[n - 1] = s[d];
                to[n - 1] = t[d];
            } else {
                dims[n] = extent;
                from[n] = s[d];
                to[n] = t[d];
                n++;
            }
        }
        if (n == 0) {
            dims[0] = 1;
            from[0] = 1;
            to[0] = 1;
            n = 1;
        }
        return n;
    }

    private static void walk(
            Object src, int so, int[] from, Object dst, int to0, int[] to, int[] dims, int n, int depth) {
        if (depth == n - 1) {
            run(src, so, from[depth], dst, to0, to[depth], dims[depth]);
            return;
        }
        for (int i = 0; i < dims[depth]; i++) {
            walk(src, so + i * from[depth], from, dst, to0 + i * to[depth], to, dims, n, depth + 1);
        }
    }

    private static void run(Object src, int so, int ss, Object dst, int to, int ts, int count) {
        if (ss == 1 && ts == 1) {
            System.arraycopy(src, so, dst, to, count);
            return;
        }
        switch (src) {
            case float[] s -> {
                float[] t = (float[]) dst;
                for (int i = 0; i < count; i++) {
                    t[to + i * ts] = s[so + i * ss];
                }
            }
            case double[] s -> {
                double[] t = (double[]) dst;
                for (int i = 0; i < count; i++) {
                    t[to + i * ts] = s[so + i * ss];
                }
            }
            case long[] s -> {
                long[] t = (long[]) dst;
                for (int i = 0; i < count; i++) {
                    t[to + i * ts] = s[so + i * ss];
                }
            }
            case int[] s -> {
                int[] t = (int[]) dst;
                for (int i = 0; i < count; i++) {
                    t[to + i * ts] = s[so + i * ss];
                }
            }
            case short[] s -> {
                short[] t = (short[]) dst;
                for (int i = 0; i < count; i++) {
                    t[to + i * ts] = s[so + i * ss];
                }
            }
            default -> {
                byte[] s = (byte[]) src;
                byte[] t = (byte[]) dst;
                for (int i = 0; i < count; i++) {
                    t[to + i * ts] = s[so + i * ss];
                }
            }
        }
    }
}
