package dev.retort.nn.text;

import java.text.Normalizer.Form;

/// Unicode normalization that knows where each character came from.
final class UnicodeForms {
    private UnicodeForms() {}

    /// Normalizes stretches that begin with a character that is not a mark and not an inner Hangul letter.
    /// Where this is not what the whole text gives, the places are those of the whole text.
    static NormalizedText apply(NormalizedText text, Form form) {
        String s = text.text();
        String whole = java.text.Normalizer.normalize(s, form);
        NormalizedText.Builder pieces = new NormalizedText.Builder(text);
        for (int from = 0; from < s.length(); ) {
            int to = stretch(s, from);
            pieces.append(java.text.Normalizer.normalize(s.substring(from, to), form), from, to);
            from = to;
        }
        NormalizedText result = pieces.build();
        return result.text().equals(whole)
                ? result
                : new NormalizedText.Builder(text).append(whole, 0, s.length()).build();
    }

    private static int stretch(String s, int from) {
        int to = from + Character.charCount(s.codePointAt(from));
        while (to < s.length() && joins(s.codePointAt(to))) {
            to += Character.charCount(s.codePointAt(to));
        }
        return to;
    }

    private static boolean joins(int c) {
        int type = Character.getType(c);
        return type == Character.NON_SPACING_MARK
                || type == Character.COMBINING_SPACING_MARK
                || type == Character.ENCLOSING_MARK
                || (c >= 0x1160 && c <= 0x11FF);
    }
}
