package dev.retort.distill.method;

import java.util.Arrays;
import java.util.List;

/// Beginnings of texts, as tokens, that models write on from. The text form names the tokens by a hash,
/// so that a checkpoint knows them again.
public final class Prompts {
    private final int[][] tokens;

    /// Prompts of one token or more.
    ///
    /// @throws IllegalArgumentException if there is none, or an empty one
    public Prompts(List<int[]> tokens) {
        if (tokens.isEmpty() || tokens.stream().anyMatch(prompt -> prompt.length == 0)) {
            throw new IllegalArgumentException(
                    "prompts: expected at least one, of at least one token each, got " + tokens.size());
        }
        this.tokens = tokens.stream().map(int[]::clone).toArray(int[][]::new);
    }

    /// How many.
    public int size() {
        return tokens.length;
    }

    /// Tokens of the longest.
    public int longest() {
        return Arrays.stream(tokens).mapToInt(prompt -> prompt.length).max().orElse(0);
    }

    /// The tokens of one.
    public int[] get(int index) {
        return tokens[index].clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Prompts prompts && Arrays.deepEquals(tokens, prompts.tokens);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(tokens);
    }

    @Override
    public String toString() {
        return "Prompts[" + tokens.length + ", " + Integer.toHexString(hashCode()) + "]";
    }
}
