package dev.retort.distill.method;

import dev.retort.distill.StepBatch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/// The token that each position of a batch of texts [B, T] is to predict, and the positions that count.
///
/// Where samples have targets [T] (such as those of `TokenBlocks`, moved on by one already), these are
/// used, and targets below 0 (prompts, padding) do not count. Without them the target of position t is
/// token t + 1; the last position does not count, nor one whose own or next token is padding. A padding
/// token that also ends texts is then never learnt: give targets in that case.
///
/// @param classes targets of the positions that count
/// @param places  these positions in the flattened batch, ascending
/// @param length  positions T of a text
record TokenTargets(long[] classes, int[] places, int length) {
    /// @param padding token that stands for nothing, −1 for none
    /// @throws IllegalArgumentException if the batch is not one of texts
    static TokenTargets of(StepBatch batch, long padding) {
        Tensor ids = batch.inputs();
        if (ids.rank() != 2 || ids.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    "token distillation: expected token indices [B, T] as inputs, got " + ids.type());
        }
        int length = ids.size(1);
        Tensor given = batch.labels();
        long[] targets = given.rank() == 2 ? given.toLongs() : following(ids.toLongs(), length, padding);
        if (targets.length != ids.numel()) {
            throw new IllegalArgumentException(
                    "token distillation: expected a target for each of " + ids.type() + ", got " + given.type());
        }
        int[] places =
                IntStream.range(0, targets.length).filter(i -> targets[i] >= 0).toArray();
        return new TokenTargets(Arrays.stream(places).mapToLong(i -> targets[i]).toArray(), places, length);
    }

    private static long[] following(long[] ids, int length, long padding) {
        long[] targets = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            boolean last = i % length == length - 1;
            targets[i] = last || ids[i] == padding || ids[i + 1] == padding ? StepBatch.UNLABELLED : ids[i + 1];
        }
        return targets;
    }

    /// Number of positions that count.
    int count() {
        return places.length;
    }

    /// The targets as a tensor.
    Tensor tensor() {
        return Tensor.wrap(DType.I64, classes);
    }

    /// The rows of logits [B, T, V] at the positions that count, `[count, V]`.
    static Tensor rows(Tensor logits, int[] places) {
        if (logits.rank() != 3) {
            throw new IllegalArgumentException("token distillation: expected logits [B, T, V], got " + logits.type());
        }
        long[] wide = Arrays.stream(places).asLongStream().toArray();
        return logits.flatten(0, 1).indexSelect(0, Tensor.wrap(DType.I64, wide).to(logits.device()));
    }

    /// The rows at the positions that count.
    Tensor rows(Tensor logits) {
        return rows(logits, places);
    }
}
