package dev.retort.nn.text;

import dev.retort.tensor.OpException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Text to token indices and back.
///
/// ```java
/// Tokenizer tokenizer = TokenizerJson.read(Path.of("tokenizer.json"));
/// int[] ids = tokenizer.encode("Hello world").ids();
/// String text = tokenizer.decode(ids);
/// ```
///
/// Made by [TokenizerJson] (Hugging Face's file), [BytePairFiles] (GPT-2's and tiktoken's files),
/// [BytePairTrainer] or [CharacterTokenizer]. A text goes through: added tokens are cut out, the rest is
/// normalized, split into pieces, and each piece made into tokens; then the template's tokens are put
/// around. Thread-safe. A surrogate without its partner is read as U+FFFD.
public final class Tokenizer {
    private final Normalizer normalizer;
    private final PreTokenizer preTokenizer;
    private final TokenModel model;
    private final Template template;
    private final Spaces spaces;
    private final List<AddedToken> added;
    private final Map<String, AddedToken> addedByContent = new HashMap<>();
    private final Map<Integer, AddedToken> addedById = new HashMap<>();
    private final @Nullable Pattern addedPattern;

    /// How spaces come back in decoding.
    enum Spaces {
        /// As the tokens have them.
        KEPT,
        /// None is in a token; there was one between any two.
        BETWEEN,
        /// ▁ stands for a space.
        MARKED,
        /// ▁ stands for a space, and the first was put there by encoding.
        MARKED_AND_FIRST_ADDED
    }

    Tokenizer(
            Normalizer normalizer,
            PreTokenizer preTokenizer,
            TokenModel model,
            Template template,
            Spaces spaces,
            List<AddedToken> added) {
        this.normalizer = normalizer;
        this.preTokenizer = preTokenizer;
        this.model = model;
        this.template = template;
        this.spaces = spaces;
        this.added = List.copyOf(added);
        added.forEach(token -> addedByContent.put(token.content(), token));
        added.forEach(token -> addedById.put(token.id(), token));
        addedPattern = added.isEmpty()
                ? null
                : Pattern.compile(added.stream()
                        .map(AddedToken::content)
                        .sorted(Comparator.comparingInt(String::length).reversed())
                        .map(Pattern::quote)
                        .collect(Collectors.joining("|")));
    }

    // ---- encoding -------------------------------------------------------------------------------------------------

    /// The tokens of a text, with those of the template around.
    public Encoding encode(String text) {
        return encode(text, Integer.MAX_VALUE);
    }

    /// [#encode(String)] with at most `most` tokens: the text's last ones are left out, the template's not.
    ///
    /// @throws OpException if the template alone has more
    public Encoding encode(String text, int most) {
        TokenSink sink = tokens(text, true);
        sink.truncate(room(most, template.single()));
        Assembly out = new Assembly(sink.size() + template.single());
        out.template(template.before(), 0, 0);
        out.tokens(sink, 0);
        out.template(template.after(), text.length(), 0);
        return out.build();
    }

    /// The tokens of a pair of texts; places are in the text that a token is from. If there are more than
    /// `most`, the longer text loses its last ones first.
    ///
    /// @throws OpException if the template alone has more
    public Encoding encodePair(String first, String second, int most) {
        TokenSink a = tokens(first, true);
        TokenSink b = tokens(second, true);
        int room = room(most, template.pair());
        int shorter = Math.min(Math.min(a.size(), b.size()), room / 2);
        if (a.size() > b.size()) {
            b.truncate(Math.max(shorter, room - a.size()));
            a.truncate(room - b.size());
        } else {
            a.truncate(Math.max(shorter, room - b.size()));
            b.truncate(room - a.size());
        }
        Assembly out = new Assembly(a.size() + b.size() + template.pair());
        out.template(template.before(), 0, 0);
        out.tokens(a, 0);
        out.template(template.middle(), first.length(), 0);
        out.tokens(b, 1);
        out.template(template.after(), second.length(), 1);
        return out.build();
    }

    /// The tokens of a text alone: no template, and special tokens in it are plain text.
    public int[] encodePlain(String text) {
        TokenSink sink = tokens(text, false);
        Assembly out = new Assembly(sink.size());
        out.tokens(sink, 0);
        return out.build().ids();
    }

    private static int room(int most, int around) {
        if (most < around) {
            throw new OpException("tokenizer: expects at least the " + around + " tokens of the template, got " + most);
        }
        return most - around;
    }

    private TokenSink tokens(String text, boolean findAdded) {
        TokenSink out = new TokenSink();
        int at = 0;
        if (addedPattern != null && findAdded) {
            Matcher matcher = addedPattern.matcher(text);
            while (matcher.find()) {
                AddedToken found = addedByContent.get(matcher.group());
                if (found != null && found.countsAt(text, matcher.start(), matcher.end())) {
                    int start = found.start(text, at, matcher.start());
                    plain(text, at, start, out);
                    at = found.end(text, matcher.end());
                    out.add(found.id(), start, at);
                }
            }
        }
        plain(text, at, text.length(), out);
        return out;
    }

    private void plain(String text, int from, int to, TokenSink out) {
        if (from >= to) {
            return;
        }
        if (normalizer instanceof Normalizer.None) {
            preTokenizer.split(text, from, to, (start, end) -> model.encode(text, start, end, out));
            return;
        }
        NormalizedText normalized = normalizer.apply(NormalizedText.of(text, from, to));
        String changed = normalized.text();
        TokenSink own = new TokenSink();
        preTokenizer.split(changed, 0, changed.length(), (start, end) -> model.encode(changed, start, end, own));
        for (int i = 0; i < own.size(); i++) {
            out.add(own.id(i), normalized.start(own.start(i)), normalized.end(own.end(i)));
        }
    }

    /// Puts an encoding together.
    private static final class Assembly {
        private final int[] ids;
        private final int[] starts;
        private final int[] ends;
        private final int[] types;
        private int size;

        Assembly(int capacity) {
            ids = new int[capacity];
            starts = new int[capacity];
            ends = new int[capacity];
            types = new int[capacity];
        }

        private void add(int id, int start, int end, int type) {
            ids[size] = id;
            starts[size] = start;
            ends[size] = end;
            types[size++] = type;
        }

        void tokens(TokenSink sink, int type) {
            for (int i = 0; i < sink.size(); i++) {
                add(sink.id(i), sink.start(i), sink.end(i), type);
            }
        }

        void template(int[] tokens, int place, int type) {
            for (int token : tokens) {
                add(token, place, place, type);
            }
        }

        Encoding build() {
            return new Encoding(ids, starts, ends, types);
        }
    }

    // ---- decoding -------------------------------------------------------------------------------------------------

    /// The text of tokens, without special ones. Bytes that are not UTF-8 give U+FFFD.
    ///
    /// @throws OpException if an index has no token
    public String decode(int... ids) {
        return decode(ids, true);
    }

    /// The text of tokens, with special ones if they are not skipped.
    ///
    /// @throws OpException if an index has no token
    public String decode(int[] ids, boolean skipSpecial) {
        // Special tokens go first, so that they do not part the bytes of a character or the pieces of a word.
        int[] kept =
                skipSpecial ? Arrays.stream(ids).filter(id -> !isSpecial(id)).toArray() : ids;
        StringBuilder out = new StringBuilder();
        int at = 0;
        for (int i = 0; i < kept.length; i++) {
            if (spaces == Spaces.BETWEEN && i > 0) {
                model.decode(kept, at, i, out);
                at = i;
                out.append(' ');
            }
            AddedToken token = addedById.get(kept[i]);
            if (token != null) {
                model.decode(kept, at, i, out);
                out.append(token.content());
                at = i + 1;
            }
        }
        model.decode(kept, at, kept.length, out);
        return spaces(out.toString());
    }

    private boolean isSpecial(int id) {
        AddedToken token = addedById.get(id);
        return token != null && token.special();
    }

    private String spaces(String text) {
        return switch (spaces) {
            case KEPT, BETWEEN -> text;
            case MARKED -> text.replace('▁', ' ');
            case MARKED_AND_FIRST_ADDED -> {
                String plain = text.replace('▁', ' ');
                yield plain.startsWith(" ") ? plain.substring(1) : plain;
            }
        };
    }

    // ---- tokens ---------------------------------------------------------------------------------------------------

    /// One more than the largest index.
    public int size() {
        return Math.max(
                model.vocabulary().size(),
                added.stream().mapToInt(AddedToken::id).max().orElse(-1) + 1);
    }

    /// The index of a token as the vocabulary writes it, or −1.
    public int id(String token) {
        AddedToken known = addedByContent.get(token);
        return known != null ? known.id() : model.vocabulary().id(token);
    }

    /// The token of an index as the vocabulary writes it.
    ///
    /// @throws OpException if there is none
    public String token(int id) {
        AddedToken known = addedById.get(id);
        return known != null ? known.content() : model.vocabulary().token(id);
    }

    /// The tokens that are found before all others.
    public List<AddedToken> addedTokens() {
        return added;
    }

    /// The same with more added tokens; one that the vocabulary lacks gets the next index.
    public Tokenizer withSpecialTokens(String... tokens) {
        List<AddedToken> all = new ArrayList<>(added);
        int next = size();
        for (String token : tokens) {
            if (!addedByContent.containsKey(token)) {
                int known = model.vocabulary().id(token);
                all.add(new AddedToken(token, known >= 0 ? known : next++, true));
            }
        }
        return new Tokenizer(normalizer, preTokenizer, model, template, spaces, all);
    }

    TokenModel model() {
        return model;
    }

    PreTokenizer preTokenizer() {
        return preTokenizer;
    }

    @Override
    public String toString() {
        return "Tokenizer(" + model.getClass().getSimpleName() + ", " + size() + " tokens)";
    }
}
