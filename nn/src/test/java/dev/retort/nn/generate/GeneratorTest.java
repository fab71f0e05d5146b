package dev.retort.nn.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.generate.Generation.Finish;
import dev.retort.nn.transformer.Bart;
import dev.retort.nn.transformer.CausalModel;
import dev.retort.nn.transformer.Decoder;
import dev.retort.nn.transformer.DecoderContext;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.KeyValueCache;
import dev.retort.nn.transformer.Llama;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GeneratorTest {
    private static final int[] PROMPT = {3, 1, 4};
    private static final List<int[]> PROMPTS = List.of(new int[] {3, 1, 4}, new int[] {5}, new int[] {2, 7, 1, 8, 2});

    static Stream<CausalModel> models() {
        CausalModel gpt = new Gpt2(Gpt2.Config.of(11, 24, 12, 2, 3), new Rng(1));
        CausalModel llama = new Llama(Llama.Config.of(11, 24, 16, 2, 4, 2, 20), new Rng(1));
        // Larger weights, so that the distributions are far from uniform.
        Stream.of(gpt, llama)
                .forEach(model ->
                        model.parameters().forEach(p -> p.set(p.tensor().mul(8))));
        return Stream.of(gpt, llama);
    }

    private static int[] argmaxLoop(CausalModel model, int[] prompt, int count) {
        List<Long> ids = new ArrayList<>();
        Arrays.stream(prompt).forEach(id -> ids.add((long) id));
        try (GradScope _ = Autograd.noGrad()) {
            for (int i = 0; i < count; i++) {
                long[] all = ids.stream().mapToLong(id -> id).toArray();
                Tensor logits = model.call(Tensor.of(all, 1, all.length));
                ids.add((long) logits.select(1, all.length - 1).argmax(1).item());
            }
        }
        return ids.stream().skip(prompt.length).mapToInt(Long::intValue).toArray();
    }

    @ParameterizedTest
    @MethodSource("models")
    void greedyWithCacheAndPaddingIsTheArgmaxOfWholeSequences(CausalModel model) {
        List<Generation> results = new Generator(model, GenerationConfig.greedy(12)).generate(PROMPTS);
        for (int i = 0; i < PROMPTS.size(); i++) {
            assertThat(results.get(i).tokens()).isEqualTo(argmaxLoop(model, PROMPTS.get(i), 12));
            assertThat(results.get(i).finish()).isEqualTo(Finish.LENGTH);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void drawsDependOnSeedAndRowNotOnTheBatch(CausalModel model) {
        GenerationConfig config = GenerationConfig.sampling(12, 5).withTopK(6).withTopP(0.9);
        List<Generation> together = new Generator(model, config).generate(PROMPTS);
        int[] alone = new Generator(model, config).generate(PROMPTS.getFirst()).tokens();
        assertThat(together.getFirst().tokens()).isEqualTo(alone);
        GenerationConfig other = GenerationConfig.sampling(12, 6).withTopK(6).withTopP(0.9);
        assertThat(new Generator(model, other).generate(PROMPTS.getFirst()).tokens())
                .isNotEqualTo(alone);
    }

    @ParameterizedTest
    @MethodSource("models")
    void narrowChoicesAreGreedy(CausalModel model) {
        int[] greedy = argmaxLoop(model, PROMPT, 8);
        GenerationConfig config = GenerationConfig.sampling(8, 3);
        assertThat(new Generator(model, config.withTopK(1)).generate(PROMPT).tokens())
                .isEqualTo(greedy);
        assertThat(new Generator(model, config.withTopP(1e-9)).generate(PROMPT).tokens())
                .isEqualTo(greedy);
        assertThat(new Generator(model, config.withTemperature(1e-4))
                        .generate(PROMPT)
                        .tokens())
                .isEqualTo(greedy);
    }

    @ParameterizedTest
    @MethodSource("models")
    void aStreamGivesTheSameTokensOnDemand(CausalModel model) {
        Generator generator = new Generator(model, GenerationConfig.sampling(9, 4));
        int[] whole = generator.generate(PROMPT).tokens();
        List<Integer> streamed = new ArrayList<>();
        for (int token : generator.stream(PROMPT)) {
            streamed.add(token);
        }
        assertThat(streamed).containsExactly(Arrays.stream(whole).boxed().toArray(Integer[]::new));
    }

    @ParameterizedTest
    @MethodSource("models")
    void stopTokensAndListenersEndATextEarlyAndTheOthersGoOn(CausalModel model) {
        int[] greedy = argmaxLoop(model, PROMPTS.getLast(), 12);
        GenerationConfig config = GenerationConfig.greedy(12).withStopTokens(greedy[3]);
        int first = IntStream.range(0, 12)
                .filter(i -> greedy[i] == greedy[3])
                .findFirst()
                .orElseThrow();
        Generation stopped = new Generator(model, config).generate(PROMPTS).getLast();
        assertThat(stopped.tokens()).isEqualTo(Arrays.copyOf(greedy, first));
        assertThat(stopped.finish()).isEqualTo(Finish.STOP);
        List<Generation> cancelled =
                new Generator(model, GenerationConfig.greedy(12)).generate(PROMPTS, (prompt, _) -> prompt != 0);
        assertThat(cancelled.getFirst().tokens()).hasSize(1);
        assertThat(cancelled.getFirst().finish()).isEqualTo(Finish.CANCELLED);
        assertThat(cancelled.getLast().tokens()).isEqualTo(greedy);
    }

    @ParameterizedTest
    @MethodSource("models")
    void theContextEndsATextAndLogProbabilitiesAddUp(CausalModel model) {
        Generation long24 = new Generator(model, GenerationConfig.greedy(100)).generate(PROMPT);
        assertThat(long24.tokens()).hasSize(24 - 3 + 1);
        Generation short6 = new Generator(model, GenerationConfig.sampling(6, 1)).generate(PROMPT);
        assertThat(short6.logProbability())
                .isCloseTo(logProbability(model, PROMPT, short6.tokens()), Offset.offset(1e-4));
    }

    private static double logProbability(CausalModel model, int[] prompt, int[] tokens) {
        long[] all = IntStream.concat(Arrays.stream(prompt), Arrays.stream(tokens))
                .asLongStream()
                .toArray();
        try (GradScope _ = Autograd.noGrad()) {
            Tensor logs = model.call(Tensor.of(all, 1, all.length)).logSoftmax(2);
            double sum = 0;
            for (int i = 0; i < tokens.length; i++) {
                sum += logs.get(0, prompt.length + i - 1, tokens[i]);
            }
            return sum;
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void enoughBeamsFindTheMostProbableText(CausalModel model) {
        Generation found = new Generator(model, GenerationConfig.beamSearch(3, 121)).generate(PROMPT);
        double best = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < 11 * 11 * 11; i++) {
            best = Math.max(best, logProbability(model, PROMPT, new int[] {i / 121, i / 11 % 11, i % 11}));
        }
        assertThat(found.logProbability()).isCloseTo(best, Offset.offset(1e-4));
        assertThat(found.tokens()).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("models")
    void aBeamSearchWeighsEndedTextsByLength(CausalModel model) {
        GenerationConfig config =
                GenerationConfig.beamSearch(3, 121).withStopTokens(6).withLengthPenalty(1.5);
        Generation found = new Generator(model, config).generate(PROMPT);
        double best = Double.NEGATIVE_INFINITY;
        List<int[]> texts = new ArrayList<>();
        for (int i = 0; i < 11 * 11 * 11; i++) {
            int[] three = {i / 121, i / 11 % 11, i % 11};
            int stop =
                    IntStream.range(0, 3).filter(k -> three[k] == 6).findFirst().orElse(3);
            texts.add(Arrays.copyOf(three, Math.min(3, stop + 1)));
        }
        for (int[] text : texts) {
            best = Math.max(best, logProbability(model, PROMPT, text) / Math.pow(text.length, 1.5));
        }
        int length = found.tokens().length + (found.finish() == Finish.STOP ? 1 : 0);
        assertThat(found.logProbability() / Math.pow(length, 1.5)).isCloseTo(best, Offset.offset(1e-4));
    }

    @Test
    void theRepetitionPenaltyDividesPositiveAndMultipliesNegativeLogits() {
        float[] logits = {2, -2, 3, -1};
        java.util.BitSet used = new java.util.BitSet();
        used.set(0);
        used.set(1);
        Sampler.penalise(logits, used, 2);
        assertThat(logits).containsExactly(1, -4, 3, -1);
    }

    @Test
    void drawsFollowTheDistribution() {
        float[] logits = {(float) Math.log(0.5), (float) Math.log(0.3), (float) Math.log(0.15), (float) Math.log(0.05)};
        assertThat(frequencies(logits, GenerationConfig.sampling(1, 1))).satisfies(f -> near(f, 0.5, 0.3, 0.15, 0.05));
        assertThat(frequencies(logits, GenerationConfig.sampling(1, 1).withTopK(2)))
                .satisfies(f -> near(f, 0.625, 0.375, 0, 0));
        assertThat(frequencies(logits, GenerationConfig.sampling(1, 1).withTopP(0.81)))
                .satisfies(f -> near(f, 0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0));
        double cooled = 0.25 + 0.09 + 0.0225 + 0.0025;
        assertThat(frequencies(logits, GenerationConfig.sampling(1, 1).withTemperature(0.5)))
                .satisfies(f -> near(f, 0.25 / cooled, 0.09 / cooled, 0.0225 / cooled, 0.0025 / cooled));
    }

    private static double[] frequencies(float[] logits, GenerationConfig config) {
        Sampler sampler = new Sampler(config, logits.length);
        double[] counts = new double[logits.length];
        int draws = 20_000;
        for (int i = 0; i < draws; i++) {
            counts[
                    sampler.choose(logits, 0, new java.util.BitSet(), (i + 0.5) / draws)
                            .token()] += 1.0 / draws;
        }
        return counts;
    }

    private static void near(double[] actual, double... expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], Offset.offset(2e-4));
        }
    }

    @Test
    void anEncoderDecoderWritesWithItsCache() {
        Bart model = new Bart(Bart.Config.of(11, 16, 12, 2, 3, 20), new Rng(2));
        Tensor source = Tensor.of(new long[] {1, 2, 3, 4, 5, 6, 7, 0}, 2, 4);
        Tensor visible = source.ne(0);
        long[] target = {2, 5, 1, 9, 2, 4, 4, 3};
        try (GradScope _ = Autograd.noGrad()) {
            Tensor whole = model.call(source, visible, Tensor.of(target, 2, 4)).select(1, 3);
            Decoder decoder = model.decoder(source, visible);
            KeyValueCache cache = decoder.cache(4);
            decoder.next(Tensor.of(target, 2, 4).narrow(1, 0, 2), DecoderContext.of(cache));
            decoder = decoder.select(1, 0);
            cache.select(1, 0);
            Tensor rest = Tensor.of(new long[] {4, 3, 1, 9}, 2, 2);
            Tensor swapped = decoder.next(rest, DecoderContext.of(cache));
            assertThat(swapped.select(0, 1).toFloats())
                    .containsExactly(whole.select(0, 0).toFloats(), Offset.offset(2e-6f));
            assertThat(swapped.select(0, 0).toFloats())
                    .containsExactly(whole.select(0, 1).toFloats(), Offset.offset(2e-6f));
        }
        Generator generator = new Generator(model.decoder(source, visible), GenerationConfig.beamSearch(5, 3));
        assertThat(generator.generate(List.of(new int[] {2}, new int[] {2}))).hasSize(2);
    }

    @Test
    void moreBeamsThanMemoryAreRefusedAndMoreThanTextsAreNot() {
        CausalModel model = models().findFirst().orElseThrow();
        for (int beams : new int[] {1_000_000_000, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> new Generator(model, GenerationConfig.beamSearch(20, beams)).generate(PROMPT))
                    .isInstanceOf(OpException.class)
                    .hasMessageMatching(
                            "generate: [\\d,]+ beams need at least [\\d,]+ MiB, .* heap of [\\d,]+ MiB holds");
        }
        Generation all = new Generator(model, GenerationConfig.beamSearch(2, Integer.MAX_VALUE)).generate(PROMPT);
        Generation enough = new Generator(model, GenerationConfig.beamSearch(2, 121)).generate(PROMPT);
        assertThat(all.tokens()).isEqualTo(enough.tokens());
    }

    @Test
    void wrongInputsAreNamed() {
        CausalModel model = models().findFirst().orElseThrow();
        Generator generator = new Generator(model, GenerationConfig.greedy(3));
        assertThatThrownBy(generator::generate).hasMessageContaining("prompt 0: expects from 1 to 24 tokens, got 0");
        assertThatThrownBy(() -> generator.generate(1, 11)).hasMessageContaining("expects tokens from 0 to 10, got 11");
        assertThatThrownBy(() -> generator.generate(new int[25])).hasMessageContaining("got 25");
        assertThatThrownBy(() -> GenerationConfig.greedy(1).withTopP(0))
                .hasMessageContaining("top-p in (0, 1], got 0.0");
        assertThatThrownBy(() -> GenerationConfig.beamSearch(1, 2).withTopK(3)).hasMessageContaining("beam search");
        model.parameters().forEach(p -> p.set(p.tensor().mul(Double.NaN)));
        assertThatThrownBy(() -> generator.generate(1)).hasMessageContaining("expects finite logits");
    }
}
