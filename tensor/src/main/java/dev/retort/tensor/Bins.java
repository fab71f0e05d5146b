package dev.retort.tensor;

/// Binary searches of [CountingMethods].
final class Bins {
    private Bins() {}

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
