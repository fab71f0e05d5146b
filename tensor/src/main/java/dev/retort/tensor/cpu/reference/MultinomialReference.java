package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Philox;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.RandomOp;

/// Reference kernel of [RandomOp.Multinomial].
final class MultinomialReference {
    private MultinomialReference() {}

    static Tensor draw(RandomOp.Multinomial op, Tensor input, TensorType type) {
        double[] weights = Elements.doubles(input);
        int classes = input.size(-1);
        int rows = input.rank() == 1 ? 1 : input.size(0);
        long[] out = new long[rows * op.samples()];
        for (int row = 0; row < rows; row++) {
            int positive = check(weights, row, classes, op);
            if (op.replacement()) {
                withReplacement(op, weights, row, classes, out);
            } else if (positive < op.samples()) {
                throw new OpException("multinomial: expects at least " + op.samples()
                        + " positive weights without replacement, row " + row + " has " + positive);
            } else {
                withoutReplacement(op, weights, row, classes, out);
            }
        }
        return Elements.tensor(out, type);
    }

    /// The number of positive weights of a row.
    private static int check(double[] weights, int row, int classes, RandomOp.Multinomial op) {
        int positive = 0;
        for (int c = row * classes; c < (row + 1) * classes; c++) {
            if (!(weights[c] >= 0) || weights[c] == Double.POSITIVE_INFINITY) {
                throw new OpException("multinomial: expects finite weights >= 0, row " + row + " has " + weights[c]);
            }
            positive += weights[c] > 0 ? 1 : 0;
        }
        if (positive == 0 && op.samples() > 0) {
            throw new OpException("multinomial: expects weights that are not all zero, row " + row + " is");
        }
        return positive;
    }

    /// Sample s of row r takes the 53-bit uniform u of block r·samples + s: the first class whose
    /// cumulative weight exceeds u · total.
    private static void withReplacement(RandomOp.Multinomial op, double[] weights, int row, int classes, long[] out) {
        double[] cumulative = new double[classes];
        double total = 0;
        for (int c = 0; c < classes; c++) {
            total += weights[row * classes + c];
            cumulative[c] = total;
        }
        for (int s = row * op.samples(); s < (row + 1) * op.samples(); s++) {
            double target = (Philox.bits64(op.seed(), op.stream(), s) >>> 11) * 0x1.0p-53 * total;
            int low = 0;
            int high = classes - 1;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (cumulative[middle] > target) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            while (weights[row * classes + low] == 0) {
                low--; // only if rounding took the target to the total
            }
            out[s] = low;
        }
    }

    /// An exponential race: class c of row r finishes at −ln(1 − u)/w with the uniform u of block
    /// r·classes + c, and the first `samples` to finish are drawn in that order (Efraimidis and Spirakis,
    /// 2006).
    private static void withoutReplacement(
            RandomOp.Multinomial op, double[] weights, int row, int classes, long[] out) {
        double[] finish = new double[classes];
        for (int c = 0; c < classes; c++) {
            double u = (Philox.bits64(op.seed(), op.stream(), (long) row * classes + c) >>> 11) * 0x1.0p-53;
            double weight = weights[row * classes + c];
            finish[c] = weight == 0 ? Double.NaN : -StrictMath.log1p(-u) / weight; // NaN comes last
        }
        int[] order = SortReference.order(finish, 0, classes, false);
        for (int s = 0; s < op.samples(); s++) {
            out[row * op.samples() + s] = order[s];
        }
    }
}
