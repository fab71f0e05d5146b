package dev.retort.nn.text;

import java.util.Arrays;

/// A text that was changed, with the place in the original of each `char`.
final class NormalizedText {
    private final String text;
    private final int[] starts;
    private final int[] ends;
    private final boolean first;

    private NormalizedText(String text, int[] starts, int[] ends, boolean first) {
        this.text = text;
        this.starts = starts;
        this.ends = ends;
        this.first = first;
    }

    /// `text[from, to)` unchanged.
    static NormalizedText of(String text, int from, int to) {
        int[] starts = new int[to - from];
        int[] ends = new int[to - from];
        for (int i = 0; i < starts.length; i++) {
            starts[i] = from + i;
            ends[i] = from + i + 1;
        }
        return new NormalizedText(text.substring(from, to), starts, ends, from == 0);
    }

    String text() {
        return text;
    }

    /// Whether the original begins here: false behind an added token.
    boolean isFirst() {
        return first;
    }

    /// Place in the original where `text[at]` starts.
    int start(int at) {
        return at < starts.length ? starts[at] : end(at);
    }

    /// Place in the original where `text[at - 1]` ends.
    int end(int at) {
        return at == 0 ? (starts.length == 0 ? 0 : starts[0]) : ends[at - 1];
    }

    /// Builds a changed text.
    static final class Builder {
        private final NormalizedText from;
        private final StringBuilder text = new StringBuilder();
        private int[] starts = new int[64];
        private int[] ends = new int[64];

        Builder(NormalizedText from) {
            this.from = from;
        }

        /// Appends `added` in the place of `from.text[start, end)`.
        Builder append(CharSequence added, int start, int end) {
            int originalStart = from.start(start);
            int originalEnd = Math.max(originalStart, from.end(end));
            for (int i = 0; i < added.length(); i++) {
                if (text.length() == starts.length) {
                    starts = Arrays.copyOf(starts, 2 * starts.length);
                    ends = Arrays.copyOf(ends, 2 * ends.length);
                }
                starts[text.length()] = originalStart;
                ends[text.length()] = originalEnd;
                text.append(added.charAt(i));
            }
            return this;
        }

        /// Appends `from.text[start, end)` as it is.
        Builder copy(int start, int end) {
            for (int i = start; i < end; i++) {
                append(from.text.substring(i, i + 1), i, i + 1);
            }
            return this;
        }

        boolean isEmpty() {
            return text.isEmpty();
        }

        NormalizedText build() {
            return new NormalizedText(
                    text.toString(),
                    Arrays.copyOf(starts, text.length()),
                    Arrays.copyOf(ends, text.length()),
                    from.first);
        }
    }
}
