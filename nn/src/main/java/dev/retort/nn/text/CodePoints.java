package dev.retort.nn.text;

import java.util.Locale;

/// Classes of characters as tokenizers define them.
final class CodePoints {
    private CodePoints() {}

    /// Writes what stands for a character.
    interface Mapping {
        void map(int codePoint, StringBuilder out);
    }

    static NormalizedText map(NormalizedText text, Mapping mapping) {
        String s = text.text();
        NormalizedText.Builder out = new NormalizedText.Builder(text);
        StringBuilder one = new StringBuilder();
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            int next = i + Character.charCount(c);
            one.setLength(0);
            mapping.map(c, one);
            out.append(one, i, next);
            i = next;
        }
        return out.build();
    }

    /// Unicode's White_Space.
    static boolean isSpace(int c) {
        return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || (c > 0xFF && (Character.isSpaceChar(c)));
    }

    static boolean isNumber(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    /// What `\w` matches: letters, marks, digits, and signs that connect, such as `_`.
    static boolean isWord(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.CONNECTOR_PUNCTUATION -> true;
            default -> Character.isAlphabetic(c) || c == 0x200C || c == 0x200D;
        };
    }

    static boolean isBertSpace(int c) {
        return c == '\t' || c == '\n' || c == '\r' || isSpace(c);
    }

    /// Categories C*, but not the white space among them.
    static boolean isBertControl(int c) {
        if (c == '\t' || c == '\n' || c == '\r') {
            return false;
        }
        int type = Character.getType(c);
        return type == Character.CONTROL
                || type == Character.FORMAT
                || type == Character.PRIVATE_USE
                || type == Character.SURROGATE
                || type == Character.UNASSIGNED;
    }

    /// ASCII signs that are no letters, digits or spaces, and categories P*.
    static boolean isPunctuation(int c) {
        if (c < 128) {
            return c > ' ' && c < 127 && !Character.isLetterOrDigit(c);
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    /// The blocks of CJK ideographs that BERT puts spaces around.
    static boolean isChinese(int c) {
        return (c >= 0x4E00 && c <= 0x9FFF)
                || (c >= 0x3400 && c <= 0x4DBF)
                || (c >= 0x20000 && c <= 0x2A6DF)
                || (c >= 0x2A700 && c <= 0x2B73F)
                || (c >= 0x2B740 && c <= 0x2B81F)
                || (c >= 0x2B820 && c <= 0x2CEAF)
                || (c >= 0xF900 && c <= 0xFAFF)
                || (c >= 0x2F800 && c <= 0x2FA1F);
    }

    /// Lower case of one character; more than one `char` for a few (İ).
    static String lower(int c) {
        return c < 128
                ? String.valueOf((char) Character.toLowerCase(c))
                : Character.toString(c).toLowerCase(Locale.ROOT);
    }
}
