package dev.retort.nn.generate;

import dev.retort.nn.generate.Generation.Finish;
import dev.retort.nn.transformer.Decoder;
import dev.retort.nn.transformer.KeyValueCache;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Texts that are being written, one token each a step; finished ones leave the batch.
final class Writing {
    private final GenerationConfig config;
    private final int contextLength;
    private final int vocabulary;
    private final Sampler sampler;
    private final KeyValueCache cache;
    private final PromptBatch batch;
    private final List<Text> texts = new ArrayList<>();
    private Decoder model;
    private List<Text> live;
    private @Nullable Tensor ids;

    /// One text.
    private static final class Text {
        private final int prompt;
        private final Rng rng;
        private final BitSet used = new BitSet();
        private final int[] tokens;
        private int count;
        private double logProbability;
        private @Nullable Finish finish;

        Text(int prompt, int[] tokens, int capacity, Rng rng) {
            this.prompt = prompt;
            this.rng = rng;
            this.tokens = new int[capacity];
            for (int token : tokens) {
                used.set(token);
            }
        }

        Generation result() {
            return new Generation(
                    Arrays.copyOf(tokens, count), logProbability, finish == null ? Finish.LENGTH : finish);
        }
    }

    Writing(Decoder model, GenerationConfig config, List<int[]> prompts) {
        this.model = model;
        this.config = config;
        contextLength = model.contextLength();
        vocabulary = model.vocabulary();
        batch = new PromptBatch(prompts, model);
        sampler = new Sampler(config, vocabulary);
        int room = Math.min(config.maxNewTokens(), contextLength - batch.longest() + 1);
        cache = model.cache(batch.longest() + room);
        Rng rng = new Rng(config.seed());
        for (int i = 0; i < prompts.size(); i++) {
            texts.add(new Text(i, prompts.get(i), room, rng.fork(i)));
        }
        live = room == 0 ? List.of() : texts;
        ids = batch.ids();
    }

    /// Writes one more token of each text that has not ended; returns whether any goes on.
    boolean step(TokenListener listener) {
        Tensor input = ids;
        if (live.isEmpty() || input == null) {
            return false;
        }
        float[] logits = model.next(input, batch.context(cache, input.size(1))).toFloats();
        long[] chosen = new long[live.size()];
        for (int row = 0; row < live.size(); row++) {
            Text text = live.get(row);
            double uniform = config.temperature() == 0 ? 0 : text.rng.nextDouble();
            Sampler.Choice choice = sampler.choose(logits, row, text.used, uniform);
            text.logProbability += choice.logProbability();
            chosen[row] = choice.token();
            take(text, choice.token(), listener);
        }
        next(chosen);
        return !live.isEmpty();
    }

    private void take(Text text, int token, TokenListener listener) {
        if (config.stopTokens().contains(token)) {
            text.finish = Finish.STOP;
            return;
        }
        text.tokens[text.count++] = token;
        text.used.set(token);
        boolean more = listener.onToken(text.prompt, token);
        if (!more) {
            text.finish = Finish.CANCELLED;
        } else if (text.count == text.tokens.length) {
            text.finish = Finish.LENGTH;
        }
    }

    /// Keeps the rows that go on.
    private void next(long[] chosen) {
        int[] rows = new int[chosen.length];
        List<Text> going = new ArrayList<>();
        for (int row = 0; row < chosen.length; row++) {
            if (live.get(row).finish == null) {
                rows[going.size()] = row;
                going.add(live.get(row));
            }
        }
        int[] kept = Arrays.copyOf(rows, going.size());
        if (kept.length < chosen.length && kept.length > 0) {
            cache.select(kept);
            model = model.select(kept);
            batch.select(kept);
        }
        live = going;
        long[] tokens = Arrays.stream(kept).mapToLong(row -> chosen[row]).toArray();
        ids = kept.length == 0 ? null : batch.column(tokens);
    }

    List<Generation> results() {
        return texts.stream().map(Text::result).toList();
    }
}
