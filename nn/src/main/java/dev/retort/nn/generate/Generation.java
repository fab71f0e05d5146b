package dev.retort.nn.generate;

/// A text that was written after a prompt.
///
/// @param tokens         new tokens, without the prompt and without the stop token
/// @param logProbability of the tokens (and of the stop token, if one came) given what was before each,
///                       by the model's own distribution, natural logarithm
/// @param finish         why it ended
public record Generation(int[] tokens, double logProbability, Finish finish) {
    /// Why a text ended.
    public enum Finish {
        /// A stop token came.
        STOP,
        /// The most new tokens, or the model's context, was reached.
        LENGTH,
        /// The listener did not want more.
        CANCELLED
    }
}
