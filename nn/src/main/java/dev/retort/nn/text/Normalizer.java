package dev.retort.nn.text;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What is done to a text before it is split.
sealed interface Normalizer {
    /// The changed text.
    NormalizedText apply(NormalizedText text);

    /// Nothing.
    record None() implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return text;
        }
    }

    /// One after the other.
    record Chain(List<Normalizer> parts) implements Normalizer {
        /// Copies the list.
        public Chain {
            parts = List.copyOf(parts);
        }

        @Override
        public NormalizedText apply(NormalizedText text) {
            NormalizedText now = text;
            for (Normalizer part : parts) {
                now = part.apply(now);
            }
            return now;
        }
    }

    /// A Unicode normalization form.
    record Form(java.text.Normalizer.Form form) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return java.text.Normalizer.isNormalized(text.text(), form) ? text : UnicodeForms.apply(text, form);
        }
    }

    /// Lower case.
    record Lowercase() implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return CodePoints.map(text, (c, out) -> out.append(CodePoints.lower(c)));
        }
    }

    /// Without marks of category Mn; what comes in should be decomposed.
    record StripAccents() implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return CodePoints.map(text, (c, out) -> {
                if (Character.getType(c) != Character.NON_SPACING_MARK) {
                    out.appendCodePoint(c);
                }
            });
        }
    }

    /// A text in front of texts that are not empty.
    record Prepend(String prefix) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            if (text.text().isEmpty()) {
                return text;
            }
            NormalizedText.Builder out = new NormalizedText.Builder(text);
            return out.append(prefix, 0, 0).copy(0, text.text().length()).build();
        }
    }

    /// A text in front of texts that do not start with it and are not empty.
    record PrependUnless(String prefix) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return text.text().startsWith(prefix) ? text : new Prepend(prefix).apply(text);
        }
    }

    /// The same, but only where the text begins, not behind an added token.
    record PrependFirst(String prefix) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return text.isFirst() ? new PrependUnless(prefix).apply(text) : text;
        }
    }

    /// Every occurrence of a text by another.
    record Replace(String from, String by) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            String s = text.text();
            if (from.isEmpty() || !s.contains(from)) {
                return text;
            }
            NormalizedText.Builder out = new NormalizedText.Builder(text);
            for (int i = 0; i < s.length(); ) {
                if (s.startsWith(from, i)) {
                    out.append(by, i, i + from.length());
                    i += from.length();
                } else {
                    out.copy(i, i + 1);
                    i++;
                }
            }
            return out.build();
        }
    }

    /// Every match of a pattern by a text.
    record ReplaceMatches(Pattern pattern, String by) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            String s = text.text();
            NormalizedText.Builder out = new NormalizedText.Builder(text);
            Matcher matcher = pattern.matcher(s);
            int at = 0;
            while (matcher.find()) {
                out.copy(at, matcher.start()).append(by, matcher.start(), matcher.end());
                at = matcher.end();
            }
            return at == 0 && out.isEmpty() ? text : out.copy(at, s.length()).build();
        }
    }

    /// Without white space at the ends.
    record Strip(boolean left, boolean right) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            String s = text.text();
            int from = 0;
            int to = s.length();
            while (left && from < to && CodePoints.isSpace(s.charAt(from))) {
                from++;
            }
            while (right && to > from && CodePoints.isSpace(s.charAt(to - 1))) {
                to--;
            }
            return new NormalizedText.Builder(text).copy(from, to).build();
        }
    }

    /// SentencePiece's compiled map.
    record Precompiled(CharacterMap map) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            return map.apply(text);
        }
    }

    /// BERT's: control characters out, white space to spaces, spaces around Chinese characters, no
    /// accents, lower case (Devlin et al., 2018).
    record Bert(boolean clean, boolean spaceChinese, boolean stripAccents, boolean lowercase) implements Normalizer {
        @Override
        public NormalizedText apply(NormalizedText text) {
            NormalizedText now = CodePoints.map(text, this::cleanUp);
            if (stripAccents) {
                now = new StripAccents().apply(new Form(java.text.Normalizer.Form.NFD).apply(now));
            }
            return lowercase ? new Lowercase().apply(now) : now;
        }

        private void cleanUp(int c, StringBuilder out) {
            if (clean && (c == 0 || c == 0xFFFD || CodePoints.isBertControl(c))) {
                return;
            }
            if (clean && CodePoints.isBertSpace(c)) {
                out.append(' ');
            } else if (spaceChinese && CodePoints.isChinese(c)) {
                out.append(' ').appendCodePoint(c).append(' ');
            } else {
                out.appendCodePoint(c);
            }
        }
    }
}
