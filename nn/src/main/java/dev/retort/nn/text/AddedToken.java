package dev.retort.nn.text;

/// A token that is found in the text before anything else is done to it.
///
/// @param content what stands in the text
/// @param id      its index
/// @param special whether [Tokenizer#decode] leaves it out
public record AddedToken(String content, int id, boolean special) {}
