package dev.retort.nn.text;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How a text is split into pieces that are made into tokens one by one.
sealed interface PreTokenizer {
    /// Is given the pieces `text[start, end)` in order.
    interface Pieces {
        /// One piece.
        void piece(int start, int end);
    }

    /// Splits `text[from, to)`.
    void split(String text, int from, int to, Pieces out);

    /// The whole text is one piece.
    record Whole() implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            if (from < to) {
                out.piece(from, to);
            }
        }
    }

    /// GPT-2's pattern: contractions, then letters, digits or signs with the space before them, then white
    /// space (Radford et al., 2019).
    record Gpt2() implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            for (int at = from; at < to; ) {
                int end = Gpt2Pattern.next(text, at, to);
                out.piece(at, end);
                at = end;
            }
        }
    }

    /// Matches of a pattern are pieces, and so is what lies between.
    record Regex(Pattern pattern) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            Matcher matcher = pattern.matcher(text).region(from, to).useTransparentBounds(false);
            int at = from;
            while (matcher.find()) {
                if (matcher.start() > at) {
                    out.piece(at, matcher.start());
                }
                if (matcher.end() > matcher.start()) {
                    out.piece(matcher.start(), matcher.end());
                }
                at = matcher.end();
            }
            if (at < to) {
                out.piece(at, to);
            }
        }
    }

    /// Matches of a pattern are pieces; what lies between is dropped.
    record Matches(Pattern pattern) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            Matcher matcher = pattern.matcher(text).region(from, to);
            while (matcher.find()) {
                if (matcher.end() > matcher.start()) {
                    out.piece(matcher.start(), matcher.end());
                }
            }
        }
    }

    /// White space is dropped; each sign is a piece if `signs`.
    record Words(boolean signs) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            int start = from;
            for (int i = from; i < to; ) {
                int c = text.codePointAt(i);
                int next = i + Character.charCount(c);
                boolean space = CodePoints.isSpace(c);
                boolean sign = signs && CodePoints.isPunctuation(c);
                if (space || sign) {
                    if (i > start) {
                        out.piece(start, i);
                    }
                    if (sign) {
                        out.piece(i, next);
                    }
                    start = next;
                }
                i = next;
            }
            if (start < to) {
                out.piece(start, to);
            }
        }
    }

    /// A piece starts at each `mark` (SentencePiece's ▁, which stands for a space).
    record Before(char mark) implements PreTokenizer {
        @Override
        public void split(String text, int from, int to, Pieces out) {
            int start = from;
            for (int i = from + 1; i < to; i++) {
                if (text.charAt(i) == mark) {
                    out.piece(start, i);
                    start = i;
                }
            }
            if (start < to) {
                out.piece(start, to);
            }
        }
    }

    /// Each splits the pieces of the one before.
    record Chain(List<PreTokenizer> parts) implements PreTokenizer {
        /// Copies the list.
        public Chain {
            parts = List.copyOf(parts);
        }

        @Override
        public void split(String text, int from, int to, Pieces out) {
            split(0, text, from, to, out);
        }

        private void split(int part, String text, int from, int to, Pieces out) {
            if (part == parts.size()) {
                out.piece(from, to);
            } else {
                parts.get(part).split(text, from, to, (start, end) -> split(part + 1, text, start, end, out));
            }
        }
    }
}
