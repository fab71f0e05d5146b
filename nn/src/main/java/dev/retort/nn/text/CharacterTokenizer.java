package dev.retort.nn.text;

import java.util.List;
import java.util.regex.Pattern;

/// Tokenizers whose tokens are characters (code points).
public final class CharacterTokenizer {
    /// Each character; unlike `(?s).`, which files had at first, other libraries' patterns know it.
    static final Pattern EACH = Pattern.compile("[\\s\\S]");

    private CharacterTokenizer() {}

    /// The characters of a text, in the order of their code points; others are left out in encoding.
    public static Tokenizer of(String text) {
        List<String> characters = text.codePoints()
                .map(c -> Character.getType(c) == Character.SURROGATE ? 0xFFFD : c)
                .distinct()
                .sorted()
                .mapToObj(Character::toString)
                .toList();
        return of(Vocabulary.of(characters), -1);
    }

    static Tokenizer of(Vocabulary characters, int unknown) {
        return new Tokenizer(
                new Normalizer.None(),
                new PreTokenizer.Regex(EACH),
                new WordLevelModel(characters, unknown),
                Template.NONE,
                Tokenizer.Spaces.KEPT,
                List.of());
    }

    /// Whether a split makes every character a piece.
    static boolean isSplit(PreTokenizer split) {
        return split instanceof PreTokenizer.Regex regex
                && (regex.pattern().pattern().equals(EACH.pattern())
                        || regex.pattern().pattern().equals("(?s)."));
    }
}
