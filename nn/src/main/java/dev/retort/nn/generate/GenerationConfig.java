package dev.retort.nn.generate;

import dev.retort.tensor.OpException;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/// How the next token is chosen, and when to stop.
///
/// Logits go through, in this order: repetition penalty, temperature, top-k, top-p.
///
/// @param maxNewTokens      tokens written at most
/// @param temperature       divides the logits; 0 takes the most probable token (greedy)
/// @param topK              only the k most probable tokens are drawn (Fan et al., 2018, arXiv
///                          1805.04833); 0 for all
/// @param topP              only the smallest set of most probable tokens whose probabilities sum to p or
///                          more is drawn (Holtzman et al., 2019, arXiv 1904.09751); 1 for all
/// @param repetitionPenalty divides positive logits, and multiplies negative ones, of tokens that
///                          occurred in prompt or text (Keskar et al., 2019, arXiv 1909.05858); 1 for
///                          none
/// @param beams             hypotheses of a beam search; 1 for none. Beam search does not draw:
///                          temperature, top-k and top-p are for one beam
/// @param lengthPenalty     exponent a of a finished beam's score, log probability/lengthᵃ
/// @param stopTokens        tokens that end a text; they are not part of it
/// @param seed              key of the draws; row i of a batch has draws of its own
public record GenerationConfig(
        int maxNewTokens,
        double temperature,
        int topK,
        double topP,
        double repetitionPenalty,
        int beams,
        double lengthPenalty,
        Set<Integer> stopTokens,
        long seed) {
    /// Checks the ranges.
    public GenerationConfig {
        stopTokens = Set.copyOf(stopTokens);
        check("max new tokens >= 0", maxNewTokens >= 0, maxNewTokens);
        check("a finite temperature >= 0", temperature >= 0 && Double.isFinite(temperature), temperature);
        check("top-k >= 0", topK >= 0, topK);
        check("top-p in (0, 1]", topP > 0 && topP <= 1, topP);
        check("a repetition penalty > 0", repetitionPenalty > 0, repetitionPenalty);
        check("beams >= 1", beams >= 1, beams);
        check("a finite length penalty", Double.isFinite(lengthPenalty), lengthPenalty);
        if (beams > 1 && (temperature != 0 || topK != 0 || topP != 1)) {
            throw new OpException("generate: expects temperature 0, top-k 0 and top-p 1 with a beam search, got "
                    + temperature + ", " + topK + " and " + topP);
        }
    }

    private static void check(String expected, boolean holds, Object got) {
        if (!holds) {
            throw new OpException("generate: expects " + expected + ", got " + got);
        }
    }

    /// The most probable token each time, up to `maxNewTokens`.
    public static GenerationConfig greedy(int maxNewTokens) {
        return new GenerationConfig(maxNewTokens, 0, 0, 1, 1, 1, 1, Set.of(), 0);
    }

    /// Draws from the model's own distribution.
    public static GenerationConfig sampling(int maxNewTokens, long seed) {
        return new GenerationConfig(maxNewTokens, 1, 0, 1, 1, 1, 1, Set.of(), seed);
    }

    /// The `beams` best hypotheses are kept; length penalty 1.
    public static GenerationConfig beamSearch(int maxNewTokens, int beams) {
        return new GenerationConfig(maxNewTokens, 0, 0, 1, 1, beams, 1, Set.of(), 0);
    }

    /// The same with another temperature.
    public GenerationConfig withTemperature(double t) {
        return copy(t, topK, topP, repetitionPenalty, lengthPenalty, stopTokens);
    }

    /// The same with draws from the k most probable tokens.
    public GenerationConfig withTopK(int k) {
        return copy(temperature, k, topP, repetitionPenalty, lengthPenalty, stopTokens);
    }

    /// The same with draws from the smallest set of probability p or more.
    public GenerationConfig withTopP(double p) {
        return copy(temperature, topK, p, repetitionPenalty, lengthPenalty, stopTokens);
    }

    /// The same with a penalty on tokens that occurred.
    public GenerationConfig withRepetitionPenalty(double penalty) {
        return copy(temperature, topK, topP, penalty, lengthPenalty, stopTokens);
    }

    /// The same with another exponent of the length.
    public GenerationConfig withLengthPenalty(double exponent) {
        return copy(temperature, topK, topP, repetitionPenalty, exponent, stopTokens);
    }

    /// The same with tokens that end a text.
    public GenerationConfig withStopTokens(int... tokens) {
        Set<Integer> stop = Arrays.stream(tokens).boxed().collect(Collectors.toSet());
        return copy(temperature, topK, topP, repetitionPenalty, lengthPenalty, stop);
    }

    private GenerationConfig copy(double t, int k, double p, double penalty, double exponent, Set<Integer> stop) {
        return new GenerationConfig(maxNewTokens, t, k, p, penalty, beams, exponent, stop, seed);
    }
}
