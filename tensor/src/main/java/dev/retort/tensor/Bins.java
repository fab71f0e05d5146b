package dev.retort.tensor;

import java.util.Arrays;

/// Searches and orders of [CountingMethods].
final class Bins {
    private Bins() {}

    /// The rows of a matrix in lexicographic order; equal ones keep theirs, NaN is above everything.
    static Integer[] order(Tensor rows) {
        long[] keys = keys(rows);
        int n = rows.size(0);
        int width = rows.size(1);
        Integer[] order = new Integer[n];
        Arrays.setAll(order, i -> i);
        Arrays.sort(
                order, (a, b) -> Arrays.compare(keys, a * width, (a + 1) * width, keys, b * width, (b + 1) * width));
        return order;
    }

    /// Longs in the order of the elements.
    private static long[] keys(Tensor x) {
        if (!x.dtype().isFloating()) {
            return x.toLongs();
        }
        double[] values = x.toDoubles();
        long[] keys = new long[values.length];
        for (int i = 0; i < keys.length; i++) {
            long bits = Double.doubleToLongBits(values[i] + 0.0); // −0 becomes 0
            keys[i] = bits ^ ((bits >> 63) & Long.MAX_VALUE); // negative numbers count backwards
        }
        return keys;
    }

    /// The slices of `dim`, of which `rows` holds the elements, in an order in which equal ones are neighbours. A
    /// slice with NaN equals no other.
    static CountingMethods.Distinct grouped(Tensor x, int dim, Integer[] order, Tensor rows) {
        long[] keys = keys(rows);
        boolean[] odd = rows.isNan().any(false, 1).toBooleans();
        int width = rows.size(1);
        int n = 0;
        long[] first = new long[order.length];
        long[] inverse = new long[order.length];
        long[] counts = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            int at = order[i] * width;
            int last = i == 0 ? 0 : order[i - 1] * width;
            boolean same = i > 0 && !odd[order[i]] && Arrays.equals(keys, at, at + width, keys, last, last + width);
            if (!same) {
                first[n++] = order[i];
            }
            inverse[order[i]] = n - 1;
            counts[n - 1]++;
        }
        Tensor chosen = Tensor.wrap(DType.I64, Arrays.copyOf(first, n)).to(x.device());
        return new CountingMethods.Distinct(
                x.indexSelect(dim, chosen),
                Tensor.wrap(DType.I64, inverse).to(x.device()),
                Tensor.wrap(DType.I64, Arrays.copyOf(counts, n)).to(x.device()));
    }

    static long[] search(double[] sorted, double[] values, boolean right) {
        long[] found = new long[values.length];
        for (int i = 0; i < found.length; i++) {
            int from = 0;
            int to = sorted.length;
            while (from < to) {
                int middle = (from + to) >>> 1;
                boolean below = right ? !(sorted[middle] > values[i]) : !(sorted[middle] >= values[i]);
                from = below ? middle + 1 : from;
                to = below ? to : middle;
            }
            found[i] = from;
        }
        return found;
    }

    static long[] search(long[] sorted, long[] values, boolean right) {
        long[] found = new long[values.length];
        for (int i = 0; i < found.length; i++) {
            int from = 0;
            int to = sorted.length;
            while (from < to) {
                int middle = (from + to) >>> 1;
                boolean below = right ? sorted[middle] <= values[i] : sorted[middle] < values[i];
                from = below ? middle + 1 : from;
                to = below ? to : middle;
            }
            found[i] = from;
        }
        return found;
    }
}
