package dev.retort.nn.generate;

/// Sees tokens as they are written.
@FunctionalInterface
public interface TokenListener {
    /// Called after a token was chosen.
    ///
    /// @param prompt number of the prompt, from 0
    /// @param token  the token; stop tokens are not shown
    /// @return whether to go on with this prompt
    boolean onToken(int prompt, int token);
}
