package dev.retort.nn.text;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.text.Normalizer.Form;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// Reads Hugging Face's `tokenizer.json`: models BPE (byte-level and SentencePiece's), WordPiece, Unigram
/// and WordLevel, with the normalizers, pre-tokenizers and templates that go with them. Truncation and
/// padding of the file are ignored: they are arguments here. A part that is not known is an error that
/// names it.
public final class TokenizerJson {
    private static final Pattern WORDS_AND_SIGNS = Pattern.compile("\\w+|[^\\w\\s]+", Pattern.UNICODE_CHARACTER_CLASS);

    private final String where;
    private boolean byteLevel;
    private boolean marked;
    private boolean firstAdded;

    private TokenizerJson(String where) {
        this.where = where;
    }

    /// Reads a file.
    ///
    /// @throws FormatException if the file breaks the format, or has a part that is not known
    /// @throws IOException     if the file is missing or cannot be read
    public static Tokenizer read(Path path) throws IOException {
        return parse(InputFile.bytes(path), path.toString());
    }

    /// Reads the bytes of a file.
    ///
    /// @param where name for messages
    /// @throws FormatException as [#read]
    public static Tokenizer parse(byte[] json, String where) throws FormatException {
        try {
            return new TokenizerJson(where).tokenizer(Json.parse(json).asObject());
        } catch (IllegalArgumentException | FormatException e) {
            String message = String.valueOf(e.getMessage());
            String named = "tokenizer: " + where + ": ";
            throw new FormatException(message.startsWith(named) ? message : named + message, e);
        }
    }

    /// The file of a tokenizer whose tokens are bytes with merges, or characters: what [BytePairTrainer],
    /// [BytePairFiles#gpt2] and [CharacterTokenizer] make.
    ///
    /// @throws IllegalArgumentException if it is of another kind
    public static String write(Tokenizer tokenizer) {
        return TokenizerWriter.write(tokenizer).toString();
    }

    private FormatException unknown(String part, String type, String expected) {
        return new FormatException(
                "tokenizer: " + where + ": expects a " + part + " of type " + expected + ", got " + type);
    }

    private static @Nullable Json part(Json.Obj object, String name) {
        Json part = object.members().get(name);
        return part instanceof Json.Null ? null : part;
    }

    private static boolean flag(Json.Obj object, String name, boolean otherwise) throws FormatException {
        Json part = part(object, name);
        return part == null ? otherwise : part.asBoolean();
    }

    private static String text(Json.Obj object, String name, String otherwise) throws FormatException {
        Json part = part(object, name);
        return part == null ? otherwise : part.asText();
    }

    private Tokenizer tokenizer(Json.Obj file) throws FormatException {
        Json normalization = part(file, "normalizer");
        Normalizer normalizer = normalization == null ? new Normalizer.None() : normalizer(normalization.asObject());
        List<Normalizer> before = new ArrayList<>();
        Json splitting = part(file, "pre_tokenizer");
        PreTokenizer split = splitting == null ? new PreTokenizer.Whole() : preTokenizer(splitting.asObject(), before);
        if (!before.isEmpty()) {
            before.addFirst(normalizer);
            normalizer = new Normalizer.Chain(before);
        }
        List<AddedToken> added = added(file);
        TokenModel model = model(file.get("model").asObject(), added);
        Json processing = part(file, "post_processor");
        Template template = processing == null ? Template.NONE : template(processing.asObject());
        checkTokens(template, model.vocabulary(), added);
        Tokenizer.Spaces spaces = Tokenizer.Spaces.KEPT;
        if (marked) {
            spaces = firstAdded ? Tokenizer.Spaces.MARKED_AND_FIRST_ADDED : Tokenizer.Spaces.MARKED;
        } else if (part(file, "decoder") == null
                && !byteLevel
                && !(model instanceof WordPieceModel)
                && !CharacterTokenizer.isSplit(split)) {
            spaces = Tokenizer.Spaces.BETWEEN;
        }
        return new Tokenizer(normalizer, split, model, template, spaces, added);
    }

    // ---- normalizers ----------------------------------------------------------------------------------------------

    private Normalizer normalizer(Json.Obj part) throws FormatException {
        String type = part.get("type").asText();
        return switch (type) {
            case "BertNormalizer" -> {
                boolean lower = flag(part, "lowercase", true);
                yield new Normalizer.Bert(
                        flag(part, "clean_text", true),
                        flag(part, "handle_chinese_chars", true),
                        flag(part, "strip_accents", lower),
                        lower);
            }
            case "NFC" -> new Normalizer.Form(Form.NFC);
            case "NFD" -> new Normalizer.Form(Form.NFD);
            case "NFKC" -> new Normalizer.Form(Form.NFKC);
            case "NFKD" -> new Normalizer.Form(Form.NFKD);
            case "Lowercase" -> new Normalizer.Lowercase();
            case "StripAccents" -> new Normalizer.StripAccents();
            case "Prepend" -> {
                String prefix = part.get("prepend").asText();
                firstAdded |= prefix.equals("▁");
                yield new Normalizer.Prepend(prefix);
            }
            case "Replace" -> replace(part);
            case "Strip" -> new Normalizer.Strip(flag(part, "strip_left", true), flag(part, "strip_right", true));
            case "Precompiled" -> {
                byte[] map = Base64.getDecoder().decode(text(part, "precompiled_charsmap", ""));
                yield map.length == 0
                        ? new Normalizer.None()
                        : new Normalizer.Precompiled(CharacterMap.parse(map, where));
            }
            case "Sequence" -> {
                List<Normalizer> parts = new ArrayList<>();
                for (Json one : part.get("normalizers").asList()) {
                    parts.add(normalizer(one.asObject()));
                }
                yield new Normalizer.Chain(parts);
            }
            default ->
                throw unknown(
                        "normalizer",
                        type,
                        "BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Prepend, Replace,"
                                + " Precompiled or Sequence");
        };
    }

    private Normalizer replace(Json.Obj part) throws FormatException {
        String by = part.get("content").asText();
        marked |= by.equals("▁");
        Json.Obj what = part.get("pattern").asObject();
        Json literal = part(what, "String");
        return literal != null
                ? new Normalizer.Replace(literal.asText(), by)
                : new Normalizer.ReplaceMatches(regex("replacement", what), by);
    }

    private Pattern regex(String part, Json.Obj pattern) throws FormatException {
        String regex = pattern.get("Regex").asText();
        try {
            return Pattern.compile(regex, Pattern.UNICODE_CHARACTER_CLASS);
        } catch (PatternSyntaxException e) {
            throw new FormatException(
                    "tokenizer: " + where + ": the pattern of a " + part + " cannot be read: " + regex, e);
        }
    }

    // ---- pre-tokenizers -------------------------------------------------------------------------------------------

    /// @param before gets what a pre-tokenizer does to the text itself
    private PreTokenizer preTokenizer(Json.Obj part, List<Normalizer> before) throws FormatException {
        String type = part.get("type").asText();
        return switch (type) {
            case "ByteLevel" -> {
                byteLevel = true;
                if (flag(part, "add_prefix_space", true)) {
                    before.add(new Normalizer.PrependUnless(" "));
                }
                yield flag(part, "use_regex", true) ? new PreTokenizer.Gpt2() : new PreTokenizer.Whole();
            }
            case "BertPreTokenizer" -> new PreTokenizer.Words(true);
            case "Whitespace" -> new PreTokenizer.Matches(WORDS_AND_SIGNS);
            case "WhitespaceSplit" -> new PreTokenizer.Words(false);
            case "Metaspace" -> metaspace(part, before);
            case "Split" -> split(part);
            case "Sequence" -> {
                List<PreTokenizer> parts = new ArrayList<>();
                for (Json one : part.get("pretokenizers").asList()) {
                    parts.add(preTokenizer(one.asObject(), before));
                }
                yield new PreTokenizer.Chain(parts);
            }
            default ->
                throw unknown(
                        "pre-tokenizer",
                        type,
                        "ByteLevel, BertPreTokenizer, Whitespace, WhitespaceSplit, Metaspace, Split or Sequence");
        };
    }

    private PreTokenizer metaspace(Json.Obj part, List<Normalizer> before) throws FormatException {
        String scheme = text(part, "prepend_scheme", flag(part, "add_prefix_space", true) ? "always" : "never");
        marked = true;
        before.add(new Normalizer.Replace(" ", "▁"));
        switch (scheme) {
            case "always" -> before.add(new Normalizer.PrependUnless("▁"));
            case "first" -> before.add(new Normalizer.PrependFirst("▁"));
            case "never" -> {}
            default -> throw unknown("Metaspace prepend_scheme", scheme, "always, first or never");
        }
        firstAdded |= !scheme.equals("never");
        return flag(part, "split", true) ? new PreTokenizer.Before('▁') : new PreTokenizer.Whole();
    }

    private PreTokenizer split(Json.Obj part) throws FormatException {
        String behavior = text(part, "behavior", "Isolated");
        if (!behavior.equals("Isolated") || flag(part, "invert", false)) {
            throw unknown("split", behavior + (flag(part, "invert", false) ? ", inverted" : ""), "Isolated");
        }
        Json.Obj pattern = part.get("pattern").asObject();
        Json literal = part(pattern, "String");
        return new PreTokenizer.Regex(
                literal != null ? Pattern.compile(Pattern.quote(literal.asText())) : regex("split", pattern));
    }

    // ---- models ---------------------------------------------------------------------------------------------------

    private TokenModel model(Json.Obj part, List<AddedToken> added) throws FormatException {
        String type = text(part, "type", part.members().containsKey("merges") ? "BPE" : "WordPiece");
        return switch (type) {
            case "BPE" -> bytePairs(part);
            case "WordPiece" -> {
                Vocabulary tokens = vocabulary(part);
                yield new WordPieceModel(
                        tokens,
                        known(tokens, text(part, "unk_token", "[UNK]")),
                        text(part, "continuing_subword_prefix", "##"),
                        part.members().containsKey("max_input_chars_per_word")
                                ? part.get("max_input_chars_per_word").asInt()
                                : 100);
            }
            case "Unigram" -> unigram(part);
            case "WordLevel" -> {
                Vocabulary tokens = vocabulary(part);
                yield new WordLevelModel(tokens, tokens.id(text(part, "unk_token", "")));
            }
            default -> throw unknown("model", type, "BPE, WordPiece, Unigram or WordLevel");
        };
    }

    private int known(Vocabulary tokens, String token) throws FormatException {
        if (tokens.id(token) < 0) {
            throw new FormatException(
                    "tokenizer: " + where + ": expects the unknown token '" + token + "' in the vocabulary");
        }
        return tokens.id(token);
    }

    private Vocabulary vocabulary(Json.Obj model) throws FormatException {
        Map<String, Integer> ids = new HashMap<>();
        for (Map.Entry<String, Json> entry :
                model.get("vocab").asObject().members().entrySet()) {
            ids.put(entry.getKey(), entry.getValue().asInt());
        }
        return new Vocabulary(ids);
    }

    private TokenModel bytePairs(Json.Obj part) throws FormatException {
        Vocabulary tokens = vocabulary(part);
        PairRanks ranks = new PairRanks();
        int rank = 0;
        for (Json merge : part.get("merges").asList()) {
            String at = where + ": merge " + rank;
            if (merge instanceof Json.Arr pair) {
                List<Json> both = pair.asList();
                if (both.size() != 2) {
                    throw new FormatException("tokenizer: " + at + ": expects two tokens, got " + both.size());
                }
                BytePairFiles.merge(
                        tokens, ranks, rank, both.get(0).asText(), both.get(1).asText(), at);
            } else {
                BytePairFiles.merge(tokens, ranks, rank, merge.asText(), at);
            }
            rank++;
        }
        String unknown = text(part, "unk_token", "");
        return new BytePairModel(tokens, ranks, byteLevel, flag(part, "ignore_merges", false), tokens.id(unknown));
    }

    private TokenModel unigram(Json.Obj part) throws FormatException {
        List<Json> pieces = part.get("vocab").asList();
        List<String> tokens = new ArrayList<>();
        double[] scores = new double[pieces.size()];
        for (int i = 0; i < scores.length; i++) {
            List<Json> pair = pieces.get(i).asList();
            if (pair.size() != 2) {
                throw new FormatException("tokenizer: " + where + ": token " + i + ": expects a text and a score");
            }
            tokens.add(pair.get(0).asText());
            scores[i] = pair.get(1).asDouble();
        }
        Json unknown = part(part, "unk_id");
        return new UnigramModel(
                Vocabulary.of(tokens),
                scores,
                unknown == null ? -1 : unknown.asInt(),
                flag(part, "byte_fallback", false));
    }

    // ---- added tokens and template --------------------------------------------------------------------------------

    private static List<AddedToken> added(Json.Obj file) throws FormatException {
        List<AddedToken> added = new ArrayList<>();
        Json list = part(file, "added_tokens");
        if (list != null) {
            for (Json one : list.asList()) {
                Json.Obj token = one.asObject();
                String content = token.get("content").asText();
                if (!content.isEmpty()) {
                    added.add(new AddedToken(
                            content,
                            index(token),
                            flag(token, "special", false),
                            flag(token, "lstrip", false),
                            flag(token, "rstrip", false),
                            flag(token, "single_word", false)));
                }
            }
        }
        return added;
    }

    private static int index(Json.Obj token) throws FormatException {
        int id = token.get("id").asInt();
        if (id < 0 || id > Vocabulary.LARGEST) {
            throw new FormatException("tokenizer: expects indices of added tokens from 0 to " + Vocabulary.LARGEST
                    + ", got " + id + " for '" + token.get("content").asText() + "'");
        }
        return id;
    }

    /// A template with an index that no token has would break the network that gets it, or decoding.
    private void checkTokens(Template template, Vocabulary tokens, List<AddedToken> added) throws FormatException {
        for (int[] ids : List.of(template.before(), template.middle(), template.after())) {
            for (int id : ids) {
                if (!tokens.has(id) && added.stream().noneMatch(token -> token.id() == id)) {
                    throw new FormatException(
                            "tokenizer: " + where + ": expects indices of tokens in the post-processor, got " + id);
                }
            }
        }
    }

    private Template template(Json.Obj part) throws FormatException {
        String type = part.get("type").asText();
        return switch (type) {
            case "ByteLevel" -> Template.NONE;
            case "TemplateProcessing" -> TemplateJson.of(part, where);
            case "BertProcessing" -> {
                int[] after = {ofPair(part, "sep")};
                yield new Template(new int[] {ofPair(part, "cls")}, after, after);
            }
            case "RobertaProcessing" -> {
                int sep = ofPair(part, "sep");
                yield new Template(new int[] {ofPair(part, "cls")}, new int[] {sep, sep}, new int[] {sep});
            }
            case "Sequence" -> {
                Template last = Template.NONE;
                for (Json one : part.get("processors").asList()) {
                    Template found = template(one.asObject());
                    last = found == Template.NONE ? last : found;
                }
                yield last;
            }
            default ->
                throw unknown(
                        "post-processor", type, "TemplateProcessing, BertProcessing, RobertaProcessing or ByteLevel");
        };
    }

    private static int ofPair(Json.Obj part, String name) throws FormatException {
        List<Json> pair = part.get(name).asList();
        if (pair.size() != 2) {
            throw new FormatException("tokenizer: expects " + name + " as a token and its index");
        }
        return pair.get(1).asInt();
    }
}
