package dev.retort.nn.text;

/// A text as tokens.
///
/// @param ids    token indices
/// @param starts where each token starts in the text, in `char`s
/// @param ends   where it ends, exclusive; tokens that a template added are empty
/// @param types  segment of each token: 0, or 1 for the second text of a pair
public record Encoding(int[] ids, int[] starts, int[] ends, int[] types) {
    /// Number of tokens.
    public int size() {
        return ids.length;
    }
}
