package dev.retort.distill.method;

import dev.retort.nn.generate.GenerationConfig;

/// How a model writes on from [Prompts].
///
/// @param newTokens   tokens written at most, at least 1
/// @param temperature of the draws, at least 0; 0 takes the most probable token
/// @param beams       hypotheses of a beam search, 1 for none; more only at temperature 0
/// @param stopToken   ends a text and is learnt as its last token; −1 for none
public record Writing(int newTokens, double temperature, int beams, int stopToken) {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the values
    public Writing {
        if (newTokens < 1 || !(temperature >= 0) || Double.isInfinite(temperature) || stopToken < -1) {
            throw new IllegalArgumentException("writing: expected at least 1 new token, a temperature of at least 0 and"
                    + " a stop token or -1, got " + newTokens + ", " + temperature + " and " + stopToken);
        }
        if (beams < 1 || (beams > 1 && temperature > 0)) {
            throw new IllegalArgumentException(
                    "writing: expected 1 beam, or more at temperature 0, got " + beams + " at " + temperature);
        }
    }

    /// Draws from the model's own distribution.
    public static Writing sampling(int newTokens, int stopToken) {
        return new Writing(newTokens, 1, 1, stopToken);
    }

    /// The best of several hypotheses.
    public static Writing beams(int newTokens, int beams, int stopToken) {
        return new Writing(newTokens, 0, beams, stopToken);
    }

    GenerationConfig config(long seed) {
        GenerationConfig plain = beams > 1
                ? GenerationConfig.beamSearch(newTokens, beams)
                : GenerationConfig.sampling(newTokens, seed).withTemperature(temperature);
        return stopToken < 0 ? plain : plain.withStopTokens(stopToken);
    }
}
