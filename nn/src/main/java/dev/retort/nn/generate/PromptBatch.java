package dev.retort.nn.generate;

import dev.retort.nn.transformer.Decoder;
import dev.retort.nn.transformer.DecoderContext;
import dev.retort.nn.transformer.KeyValueCache;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Prompts of different lengths as one batch: shorter ones are filled up on the left, where nobody attends.
final class PromptBatch {
    private final List<int[]> prompts;
    private final int longest;
    private final Device device;
    private int[] padding;

    /// @throws OpException if a prompt is empty, longer than the model's context, or has unknown tokens
    PromptBatch(List<int[]> prompts, Decoder model) {
        this.prompts = prompts;
        device = model.device();
        longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
        for (int i = 0; i < prompts.size(); i++) {
            check(i, prompts.get(i), model.vocabulary(), model.contextLength());
        }
        padding = prompts.stream().mapToInt(prompt -> longest - prompt.length).toArray();
    }

    private static void check(int number, int[] prompt, int vocabulary, int context) {
        if (prompt.length == 0 || prompt.length > context) {
            throw new OpException(
                    "generate: prompt " + number + ": expects from 1 to " + context + " tokens, got " + prompt.length);
        }
        for (int token : prompt) {
            if (token < 0 || token >= vocabulary) {
                throw new OpException("generate: prompt " + number + ": expects tokens from 0 to " + (vocabulary - 1)
                        + ", got " + token);
            }
        }
    }

    int longest() {
        return longest;
    }

    /// Token indices `[B, T]`; what stands in the padding does not matter.
    Tensor ids() {
        long[] ids = new long[prompts.size() * longest];
        for (int b = 0; b < prompts.size(); b++) {
            int[] prompt = prompts.get(b);
            for (int t = 0; t < prompt.length; t++) {
                ids[b * longest + padding[b] + t] = prompt[t];
            }
        }
        return Tensor.of(ids, prompts.size(), longest).to(device);
    }

    /// One more token index a row, `[B, 1]`.
    Tensor column(long[] tokens) {
        return Tensor.of(tokens, tokens.length, 1).to(device);
    }

    /// Keeps the given rows.
    void select(int[] rows) {
        padding = Arrays.stream(rows).map(row -> padding[row]).toArray();
    }

    /// The context of a call with `length` new positions a row.
    DecoderContext context(KeyValueCache cache, int length) {
        int past = cache.length();
        return new DecoderContext(cache, visible(past + length), positions(past, length));
    }

    private @Nullable Tensor visible(int total) {
        if (Arrays.stream(padding).allMatch(p -> p == 0)) {
            return null;
        }
        boolean[] visible = new boolean[padding.length * total];
        for (int b = 0; b < padding.length; b++) {
            Arrays.fill(visible, b * total + padding[b], (b + 1) * total, true);
        }
        return Tensor.of(visible, padding.length, total).to(device);
    }

    private @Nullable Tensor positions(int past, int length) {
        if (Arrays.stream(padding).allMatch(p -> p == 0)) {
            return null;
        }
        long[] positions = new long[padding.length * length];
        for (int b = 0; b < padding.length; b++) {
            for (int t = 0; t < length; t++) {
                positions[b * length + t] = Math.max(0, past + t - padding[b]);
            }
        }
        return Tensor.of(positions, padding.length, length).to(device);
    }
}
