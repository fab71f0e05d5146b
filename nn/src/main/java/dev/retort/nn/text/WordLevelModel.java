package dev.retort.nn.text;

/// Whole pieces are tokens, or unknown; with pieces of one character, a character-level model.
///
/// @param unknown token of other pieces; −1 to leave them out
record WordLevelModel(Vocabulary vocabulary, int unknown) implements TokenModel {
    @Override
    public void encode(String text, int start, int end, TokenSink out) {
        int id = vocabulary.id(text.substring(start, end));
        if (id >= 0 || unknown >= 0) {
            out.add(id >= 0 ? id : unknown, start, end);
        }
    }

    @Override
    public void decode(int[] ids, int from, int to, StringBuilder out) {
        for (int i = from; i < to; i++) {
            out.append(vocabulary.token(ids[i]));
        }
    }
}
