package dev.retort.distill.method;

import dev.retort.distill.StepBatch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/// The tokens of a batch of texts that were drawn, and how probable they were; targets [B, 3, T] are those
/// of [MixedTexts]: the next token (below 0 where none counts), ln q and ln p̃ of it.
///
/// @param tokens those that count
/// @param own    ln q of each, under the student that wrote
/// @param drawn  ln p̃ of each, under what it was drawn from
/// @param places positions of the logits [B · T] that say them, ascending
/// @param length positions T of a text
record PolicyTargets(long[] tokens, double[] own, double[] drawn, int[] places, int length) {
    /// @throws IllegalArgumentException if the batch has no such targets
    static PolicyTargets of(StepBatch batch) {
        Tensor given = batch.labels();
        if (given.rank() != 3 || given.size(1) != 3) {
            throw new IllegalArgumentException("minillm: expected targets [B, 3, T], got " + given.type());
        }
        int length = given.size(2);
        double[] values = given.toDoubles();
        int[] places = IntStream.range(0, given.size(0) * length)
                .filter(place -> values[at(place, 0, length)] >= 0)
                .toArray();
        return new PolicyTargets(
                Arrays.stream(row(values, places, 0, length))
                        .mapToLong(token -> (long) token)
                        .toArray(),
                row(values, places, 1, length),
                row(values, places, 2, length),
                places,
                length);
    }

    private static int at(int place, int row, int length) {
        return (place / length * 3 + row) * length + place % length;
    }

    private static double[] row(double[] values, int[] places, int row, int length) {
        return Arrays.stream(places)
                .mapToDouble(place -> values[at(place, row, length)])
                .toArray();
    }

    /// Number of tokens that count.
    int count() {
        return places.length;
    }

    /// The rows of logits [B, T, V] that say them, `[count, V]`.
    Tensor rows(Tensor logits) {
        return TokenTargets.rows(logits, places);
    }

    /// What rows `[count, V]` say of the tokens, `[count]`.
    Tensor chosen(Tensor rows) {
        Tensor index = Tensor.wrap(DType.I64, tokens.clone(), tokens.length, 1).to(rows.device());
        return rows.gather(1, index).squeeze(1);
    }

    /// w = q/p̃.
    double[] weights() {
        double[] weights = new double[own.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp(own[i] - drawn[i]);
        }
        return weights;
    }

    /// For each token the mean over those after it in its text; 0 for the last.
    double[] meanAfter(double[] values) {
        double[] means = new double[values.length];
        double sum = 0;
        int count = 0;
        for (int i = values.length - 1; i >= 0; i--) {
            boolean last = i == values.length - 1 || places[i] / length != places[i + 1] / length;
            sum = last ? 0 : sum + values[i + 1];
            count = last ? 0 : count + 1;
            means[i] = count == 0 ? 0 : sum / count;
        }
        return means;
    }

    /// Numbers as a constant of the type and place of another tensor.
    Tensor vector(double[] values, Tensor like) {
        return Tensor.of(values, values.length).to(like.dtype()).to(like.device());
    }
}
