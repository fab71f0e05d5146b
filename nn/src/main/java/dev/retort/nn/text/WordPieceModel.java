package dev.retort.nn.text;

/// WordPiece: each word is cut into the longest tokens from the left, those inside a word with a prefix
/// (Devlin et al., 2018; Schuster and Nakajima, 2012).
///
/// @param unknown token of words that cannot be cut, or are longer than `longest` characters
/// @param prefix  of tokens that go on a word, `##`
record WordPieceModel(Vocabulary vocabulary, int unknown, String prefix, int longest) implements TokenModel {
    @Override
    public void encode(String text, int start, int end, TokenSink out) {
        int before = out.size();
        if (text.codePointCount(start, end) > longest || !cut(text, start, end, out)) {
            out.truncate(before);
            out.add(unknown, start, end);
        }
    }

    private boolean cut(String text, int start, int end, TokenSink out) {
        for (int from = start; from < end; ) {
            int to = end;
            int id = -1;
            while (to > from) {
                String part = text.substring(from, to);
                id = vocabulary.id(from == start ? part : prefix + part);
                if (id >= 0) {
                    break;
                }
                to -= to - from > 1 && Character.isLowSurrogate(text.charAt(to - 1)) ? 2 : 1;
            }
            if (id < 0) {
                return false;
            }
            out.add(id, from, to);
            from = to;
        }
        return true;
    }

    @Override
    public void decode(int[] ids, int from, int to, StringBuilder out) {
        for (int i = from; i < to; i++) {
            String token = vocabulary.token(ids[i]);
            if (token.startsWith(prefix) && !out.isEmpty()) {
                out.append(token, prefix.length(), token.length());
            } else {
                boolean tight = out.isEmpty() || (token.length() == 1 && ".?!,".contains(token));
                out.append(tight ? "" : " ").append(token);
            }
        }
    }
}
