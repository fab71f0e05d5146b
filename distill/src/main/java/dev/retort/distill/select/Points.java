package dev.retort.distill.select;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// Rows of an embedding, with Euclidean distances; sums in float64.
final class Points implements Metric {
    private final float[] values;
    private final int width;
    private final int size;

    /// The rows of all tensors [*, D], one after the other.
    ///
    /// @throws IllegalArgumentException if a number is not finite
    Points(String owner, Tensor... parts) {
        Tensor all = Tensor.cat(0, parts).detach().to(DType.F32);
        values = all.toFloats();
        size = all.size(0);
        width = all.size(1);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new IllegalArgumentException(
                        owner + ": expected finite embeddings, got " + values[i] + " in row " + i / width);
            }
        }
    }

    @Override
    public int size() {
        return size;
    }

    int width() {
        return width;
    }

    float value(int row, int column) {
        return values[row * width + column];
    }

    @Override
    public double squared(int a, int b) {
        int i = a * width;
        int j = b * width;
        int end = i + width;
        double even = 0;
        double odd = 0;
        for (; i + 1 < end; i += 2, j += 2) {
            double first = (double) values[i] - values[j];
            double second = (double) values[i + 1] - values[j + 1];
            even += first * first;
            odd += second * second;
        }
        if (i < end) {
            double last = (double) values[i] - values[j];
            even += last * last;
        }
        return even + odd;
    }

    /// Inner product of two rows.
    double dot(int a, int b) {
        int i = a * width;
        int j = b * width;
        double sum = 0;
        for (int end = i + width; i < end; i++, j++) {
            sum += (double) values[i] * values[j];
        }
        return sum;
    }
}
