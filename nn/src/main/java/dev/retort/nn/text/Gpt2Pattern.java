package dev.retort.nn.text;

/// GPT-2's pattern `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` by hand: a
/// scan is several times faster than the regular expression.
final class Gpt2Pattern {
    private static final int LETTER = 0;
    private static final int NUMBER = 1;
    private static final int SPACE = 2;
    private static final int SIGN = 3;

    private Gpt2Pattern() {}

    private static int kind(int c) {
        if (c < 128) {
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            return letter ? LETTER : c >= '0' && c <= '9' ? NUMBER : CodePoints.isSpace(c) ? SPACE : SIGN;
        }
        return Character.isLetter(c) ? LETTER : CodePoints.isNumber(c) ? NUMBER : CodePoints.isSpace(c) ? SPACE : SIGN;
    }

    /// Where the piece that starts at `at` ends.
    static int next(String text, int at, int to) {
        int c = text.codePointAt(at);
        if (c == '\'') {
            int end = contraction(text, at, to);
            if (end > at) {
                return end;
            }
        }
        int first = kind(c);
        if (first != SPACE) {
            return run(text, at, to, first);
        }
        if (c == ' ' && at + 1 < to) {
            int following = kind(text.codePointAt(at + 1));
            if (following != SPACE) {
                return run(text, at + 1, to, following);
            }
        }
        int end = run(text, at, to, SPACE);
        // The last white space before a word goes with the word (a space) or stands alone.
        return end < to && end - at > 1 ? end - 1 : end;
    }

    private static int run(String text, int from, int to, int kind) {
        int i = from;
        while (i < to) {
            int c = text.codePointAt(i);
            if (kind(c) != kind) {
                break;
            }
            i += Character.charCount(c);
        }
        return Math.min(i, to);
    }

    private static int contraction(String text, int at, int to) {
        char a = at + 1 < to ? text.charAt(at + 1) : 0;
        char b = at + 2 < to ? text.charAt(at + 2) : 0;
        if (a == 's' || a == 't' || a == 'm' || a == 'd') {
            return at + 2;
        }
        boolean two = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l');
        return two ? at + 3 : at;
    }
}
