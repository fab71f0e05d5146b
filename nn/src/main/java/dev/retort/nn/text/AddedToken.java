package dev.retort.nn.text;

/// A token that is found in the text before anything else is done to it.
///
/// @param content   what stands in the text
/// @param id        its index
/// @param special   whether [Tokenizer#decode] leaves it out
/// @param leftSpace whether the white space before it belongs to it, as with `<mask>` of RoBERTa and BART
/// @param rightSpace whether the white space behind it belongs to it
/// @param wholeWord whether it counts only where no letter, digit or `_` touches it
public record AddedToken(
        String content, int id, boolean special, boolean leftSpace, boolean rightSpace, boolean wholeWord) {
    /// A token that is found anywhere, without the white space around it.
    public AddedToken(String content, int id, boolean special) {
        this(content, id, special, false, false, false);
    }

    /// Where it begins if its content begins at `at`; not before `from`.
    int start(String text, int from, int at) {
        int start = at;
        while (leftSpace && start > from && CodePoints.isSpace(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    /// Where it ends if its content ends at `at`.
    int end(String text, int at) {
        int end = at;
        while (rightSpace && end < text.length() && CodePoints.isSpace(text.charAt(end))) {
            end++;
        }
        return end;
    }

    /// Whether its content at `text[start, end)` counts.
    boolean countsAt(String text, int start, int end) {
        boolean touched = (start > 0 && CodePoints.isWord(text.codePointBefore(start)))
                || (end < text.length() && CodePoints.isWord(text.codePointAt(end)));
        return !wholeWord || !touched;
    }
}
