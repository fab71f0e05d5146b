package dev.retort.nn.text;

/// Makes a piece of text into tokens, and tokens into text.
sealed interface TokenModel permits BytePairModel, WordPieceModel, UnigramModel, WordLevelModel {
    /// Adds the tokens of `text[start, end)`, with places in `text`.
    void encode(String text, int start, int end, TokenSink out);

    /// Appends the text of tokens of the vocabulary.
    void decode(int[] ids, int from, int to, StringBuilder out);

    /// The tokens of the model.
    Vocabulary vocabulary();
}
