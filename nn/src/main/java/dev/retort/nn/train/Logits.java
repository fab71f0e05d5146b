package dev.retort.nn.train;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// A batch of logits and classes as arrays.
record Logits(float[] values, long[] labels, int classes) {
    static Logits of(String metric, Tensor logits, Tensor labels) {
        if (logits.rank() != 2
                || labels.rank() != 1
                || logits.size(0) != labels.size(0)
                || labels.dtype().isFloating()) {
            throw new OpException(metric + ": expects logits [N, C] and class indices [N], got " + logits.type()
                    + " and " + labels.type());
        }
        Logits batch = new Logits(logits.toFloats(), labels.toLongs(), logits.size(1));
        for (long label : batch.labels) {
            if (label >= batch.classes) {
                throw new OpException(metric + ": expects classes below " + batch.classes + ", got " + label);
            }
        }
        return batch;
    }

    int rows() {
        return labels.length;
    }

    int label(int row) {
        return (int) labels[row];
    }

    float at(int row, int c) {
        return values[row * classes + c];
    }

    /// The first class with the highest logit.
    int best(int row) {
        int best = 0;
        for (int c = 1; c < classes; c++) {
            best = at(row, c) > at(row, best) ? c : best;
        }
        return best;
    }

    /// Softmax probability of class `c`.
    double probability(int row, int c) {
        double top = at(row, best(row));
        double total = 0;
        for (int i = 0; i < classes; i++) {
            total += Math.exp(at(row, i) - top);
        }
        return Math.exp(at(row, c) - top) / total;
    }
}
