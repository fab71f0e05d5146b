package dev.retort.nn.text;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// Byte-level byte-pair encoding from the files of GPT-2 and of tiktoken.
public final class BytePairFiles {
    private BytePairFiles() {}

    /// Reads GPT-2's pair of files; `<|endoftext|>` is special.
    ///
    /// @param vocabulary `encoder.json` or `vocab.json`: an object of tokens and indices
    /// @param merges     `vocab.bpe` or `merges.txt`: two tokens a line, earlier merges first
    /// @throws FormatException if a file breaks the format; the message gives the line
    /// @throws IOException     if a file is missing or cannot be read
    public static Tokenizer gpt2(Path vocabulary, Path merges) throws IOException {
        Vocabulary tokens = vocabulary(vocabulary, indices(vocabulary));
        PairRanks ranks = new PairRanks();
        List<String> lines = InputFile.lines(merges);
        int rank = 0;
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).isBlank() && !(i == 0 && lines.get(i).startsWith("#version"))) {
                merge(tokens, ranks, rank++, lines.get(i), merges + ": line " + (i + 1));
            }
        }
        BytePairModel model = new BytePairModel(tokens, ranks, true, false, -1);
        Tokenizer tokenizer = new Tokenizer(
                new Normalizer.None(), new PreTokenizer.Gpt2(), model, Template.NONE, Tokenizer.Spaces.KEPT, List.of());
        return tokens.id("<|endoftext|>") < 0 ? tokenizer : tokenizer.withSpecialTokens("<|endoftext|>");
    }

    private static Map<String, Integer> indices(Path vocabulary) throws IOException {
        byte[] bytes = InputFile.bytes(vocabulary);
        try {
            Map<String, Integer> ids = new HashMap<>();
            for (Map.Entry<String, Json> entry :
                    Json.parse(bytes).asObject().members().entrySet()) {
                ids.put(entry.getKey(), entry.getValue().asInt());
            }
            return ids;
        } catch (FormatException e) {
            throw new FormatException("tokenizer: " + vocabulary + ": " + e.getMessage(), e);
        }
    }

    static Vocabulary vocabulary(Object where, Map<String, Integer> ids) throws FormatException {
        try {
            return new Vocabulary(ids);
        } catch (IllegalArgumentException e) {
            throw new FormatException("tokenizer: " + where + ": " + e.getMessage(), e);
        }
    }

    static void merge(Vocabulary tokens, PairRanks ranks, int rank, String line, String where) throws FormatException {
        int space = line.indexOf(' ', 1);
        if (space < 0 || space == line.length() - 1) {
            throw new FormatException("tokenizer: " + where + ": expects two tokens, got '" + line + "'");
        }
        merge(tokens, ranks, rank, line.substring(0, space), line.substring(space + 1), where);
    }

    static void merge(Vocabulary tokens, PairRanks ranks, int rank, String a, String b, String where)
            throws FormatException {
        int left = tokens.id(a);
        int right = tokens.id(b);
        int result = tokens.id(a + b);
        if (left < 0 || right < 0 || result < 0) {
            throw new FormatException("tokenizer: " + where + ": expects a merge of tokens into a token, got '" + a
                    + "' and '" + b + "'");
        }
        ranks.put(left, right, rank, result);
    }

    /// Reads tiktoken's file of ranks, a token in base64 and its index a line: two tokens merge if together
    /// they are a token, the one with the smallest index first.
    ///
    /// @param pattern how texts are split, such as [#R50K]
    /// @param special tokens with their indices, such as `<|endoftext|>` 50256
    /// @throws FormatException if the file breaks the format; the message gives the line
    /// @throws IOException     if the file is missing or cannot be read
    public static Tokenizer tiktoken(Path ranks, String pattern, Map<String, Integer> special) throws IOException {
        Map<String, Integer> ids = new HashMap<>();
        List<String> lines = InputFile.lines(ranks);
        for (int i = 0; i < lines.size(); i++) {
            String[] parts = lines.get(i).split(" ", -1);
            if (lines.get(i).isEmpty()) {
                continue;
            }
            try {
                byte[] token = Base64.getDecoder().decode(parts[0]);
                if (parts.length != 2 || token.length == 0 || !parts[1].matches("\\d{1,8}")) {
                    throw new IllegalArgumentException("wrong fields");
                }
                ids.put(ByteAlphabet.token(token), Integer.valueOf(parts[1]));
            } catch (IllegalArgumentException e) {
                throw new FormatException(
                        "tokenizer: " + ranks + ": line " + (i + 1) + ": expects BASE64 RANK, got '" + lines.get(i)
                                + "'",
                        e);
            }
        }
        Vocabulary tokens = vocabulary(ranks, ids);
        BytePairModel model = new BytePairModel(tokens, allPairs(tokens), true, true, -1);
        List<AddedToken> added = special.entrySet().stream()
                .map(entry -> new AddedToken(entry.getKey(), entry.getValue(), true))
                .toList();
        PreTokenizer split = pattern.equals(R50K)
                ? new PreTokenizer.Gpt2()
                : new PreTokenizer.Regex(Pattern.compile(pattern, Pattern.UNICODE_CHARACTER_CLASS));
        return new Tokenizer(new Normalizer.None(), split, model, Template.NONE, Tokenizer.Spaces.KEPT, added);
    }

    /// GPT-2's and `r50k_base`'s pattern.
    public static final String R50K = "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    /// `cl100k_base`'s pattern.
    public static final String CL100K = "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+"
            + "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s";

    private static PairRanks allPairs(Vocabulary tokens) {
        PairRanks pairs = new PairRanks();
        int[] order =
                tokens.indices().values().stream().mapToInt(id -> id).sorted().toArray();
        for (int id : order) {
            String token = tokens.token(id);
            for (int cut = 1; cut < token.length(); cut++) {
                int left = tokens.id(token.substring(0, cut));
                int right = tokens.id(token.substring(cut));
                if (left >= 0 && right >= 0) {
                    pairs.put(left, right, id, id);
                }
            }
        }
        return pairs;
    }

    /// The index of the token of each byte in a vocabulary that starts with all bytes, for training.
    static List<String> byteTokens() {
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(String.valueOf(ByteAlphabet.of(b)));
        }
        return tokens;
    }

    static int[] bytesAsSymbols(String piece) {
        byte[] bytes = ByteAlphabet.utf8(piece);
        int[] symbols = new int[bytes.length];
        Arrays.setAll(symbols, i -> bytes[i] & 0xFF);
        return symbols;
    }
}
