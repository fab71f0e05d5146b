package dev.retort.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Rng;
import dev.retort.tensor.io.FormatException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    private static final String TEXT = "It is a truth universally acknowledged, that a single man in possession of a"
            + " good fortune, must be in want of a wife. It isn't! The man's café: naïve, 1813.\n\n  He said: \"yes\".";
    private static final List<String> HARD = List.of(
            "",
            " ",
            "a\u0301e\u0308\u0323 Z\u0351\u034B",
            "日本語のテキスト 中文字符",
            "שלום עולם مرحبا",
            "👩‍👩‍👧‍👦🏳️‍🌈 🇩🇪 𝔘𝔫𝔦",
            "\u0000\u0001\t\r\n\u0085\u00A0\u2028\u3000x\u001F",
            "a  b   c \n\n d",
            "don't we'll I'm they're you've he'd x's 'tis ''s");

    private static Tokenizer trained() {
        return BytePairTrainer.train(List.of(TEXT, TEXT.toLowerCase(java.util.Locale.ROOT)), 320, "<|end|>");
    }

    private static String randomText(Rng rng, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int c = switch (rng.nextInt(8)) {
                case 0 -> rng.nextInt(0x110000);
                case 1 -> rng.nextInt(0x3000);
                case 2 -> " \t\n\r\u00A0".charAt(rng.nextInt(5));
                case 3 -> "'strvemld".charAt(rng.nextInt(9));
                case 4 -> '0' + rng.nextInt(10);
                default -> ' ' + rng.nextInt(95);
            };
            text.appendCodePoint(c);
        }
        return text.toString();
    }

    private static String withoutLoneSurrogates(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0xFFFD : c));
        return out.toString();
    }

    @Test
    void bytesGiveEveryTextBack() {
        Tokenizer tokenizer = trained();
        Rng rng = new Rng(1);
        List<String> texts = new ArrayList<>(HARD);
        texts.add(TEXT);
        texts.add("lone \uD800 and \uDC00\uD800 surrogates");
        for (int i = 0; i < 300; i++) {
            texts.add(randomText(rng, 1 + rng.nextInt(80)));
        }
        for (String text : texts) {
            assertThat(tokenizer.decode(tokenizer.encode(text).ids())).isEqualTo(withoutLoneSurrogates(text));
        }
    }

    @Test
    void placesCoverTheText() {
        Tokenizer tokenizer = trained();
        for (String text : HARD) {
            Encoding encoding = tokenizer.encode(text);
            int covered = 0;
            for (int i = 0; i < encoding.size(); i++) {
                assertThat(encoding.starts()[i]).isLessThanOrEqualTo(covered);
                assertThat(encoding.ends()[i]).isGreaterThan(encoding.starts()[i]);
                covered = encoding.ends()[i];
            }
            assertThat(covered).isEqualTo(text.length());
        }
        Encoding encoding = tokenizer.encode("naïve");
        String first = "naïve".substring(encoding.starts()[0], encoding.ends()[0]);
        assertThat(first).isEqualTo(tokenizer.decode(encoding.ids()[0]));
    }

    @Test
    void theScanSplitsAsThePatternDoes() {
        Pattern pattern = Pattern.compile(BytePairFiles.R50K, Pattern.UNICODE_CHARACTER_CLASS);
        PreTokenizer scan = new PreTokenizer.Gpt2();
        PreTokenizer regex = new PreTokenizer.Regex(pattern);
        Rng rng = new Rng(2);
        List<String> texts = new ArrayList<>(HARD);
        texts.add(TEXT);
        for (int i = 0; i < 2000; i++) {
            texts.add(withoutLoneSurrogates(randomText(rng, 1 + rng.nextInt(40))));
        }
        for (String text : texts) {
            assertThat(pieces(scan, text)).as(text).isEqualTo(pieces(regex, text));
        }
    }

    private static List<String> pieces(PreTokenizer split, String text) {
        List<String> pieces = new ArrayList<>();
        split.split(text, 0, text.length(), (start, end) -> pieces.add(text.substring(start, end)));
        return pieces;
    }

    @Test
    void longPiecesMergeAsShortOnesDo() {
        PairRanks ranks = new PairRanks();
        Rng rng = new Rng(3);
        for (int rank = 0; rank < 400; rank++) {
            ranks.put(rng.nextInt(4 + rank), rng.nextInt(4 + rank), rank, 4 + rank);
        }
        PairMerger merger = new PairMerger(ranks);
        for (int round = 0; round < 200; round++) {
            int n = 49 + rng.nextInt(60);
            int[] symbols = new int[n];
            Arrays.setAll(symbols, _ -> rng.nextInt(4));
            int[] ends = new int[n];
            Arrays.setAll(ends, i -> i + 1);
            int[] naive = naive(ranks, symbols);
            int kept = merger.merge(symbols, ends, n);
            assertThat(Arrays.copyOf(symbols, kept)).isEqualTo(naive);
            assertThat(ends[kept - 1]).isEqualTo(n);
        }
    }

    private static int[] naive(PairRanks ranks, int[] start) {
        List<Integer> symbols = new ArrayList<>(Arrays.stream(start).boxed().toList());
        while (true) {
            int best = -1;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int found = ranks.find(symbols.get(i), symbols.get(i + 1));
                if (found >= 0
                        && (best < 0
                                || ranks.rank(found)
                                        < ranks.rank(ranks.find(symbols.get(best), symbols.get(best + 1))))) {
                    best = i;
                }
            }
            if (best < 0) {
                return symbols.stream().mapToInt(s -> s).toArray();
            }
            symbols.set(best, ranks.merged(ranks.find(symbols.get(best), symbols.remove(best + 1))));
        }
    }

    @Test
    void trainingTakesTheMostFrequentPairs() {
        Tokenizer tokenizer = BytePairTrainer.train(List.of("aaabdaaabac"), 259);
        // The classic example: aa, then a with aa or b, then the rest of aaab.
        assertThat(tokenizer.token(256)).isEqualTo("aa");
        assertThat(tokenizer.encode("aaabdaaabac").size()).isLessThan(7);
        assertThat(trained().size()).isEqualTo(320);
        assertThat(trained().encode(TEXT).ids())
                .isEqualTo(trained().encode(TEXT).ids());
        assertThatThrownBy(() -> BytePairTrainer.train(List.of(), 255))
                .hasMessageContaining("expects at least 256 tokens");
    }

    @Test
    void aMillionEqualCharactersTakeNoQuadraticTime() {
        Tokenizer tokenizer = BytePairTrainer.train(List.of("aaaaaaaa aaaa"), 260);
        String text = "a".repeat(1_000_000);
        assertThat(tokenizer.decode(tokenizer.encode(text).ids())).isEqualTo(text);
    }

    @Test
    void specialTokensAreFoundUnlessTheTextIsPlain() {
        Tokenizer tokenizer = trained();
        int end = tokenizer.id("<|end|>");
        assertThat(tokenizer.encode("a<|end|>b").ids()).hasSize(3).contains(end);
        assertThat(tokenizer.encodePlain("a<|end|>b")).doesNotContain(end);
        assertThat(tokenizer.decode(tokenizer.encode("a<|end|>b").ids())).isEqualTo("ab");
        assertThat(tokenizer.decode(tokenizer.encode("a<|end|>b").ids(), false)).isEqualTo("a<|end|>b");
    }

    @Test
    void tokensOneByOneGiveTheSameText() {
        Tokenizer tokenizer = trained();
        for (String text : HARD) {
            IncrementalDecoder decoder = new IncrementalDecoder(tokenizer);
            StringBuilder out = new StringBuilder();
            for (int id : tokenizer.encode(text).ids()) {
                out.append(decoder.next(id));
            }
            assertThat(out.append(decoder.finish()).toString()).isEqualTo(text);
        }
    }

    @Test
    void charactersAreTokens() {
        Tokenizer tokenizer = CharacterTokenizer.of("hello 👋");
        assertThat(tokenizer.size()).isEqualTo(6);
        assertThat(tokenizer.decode(tokenizer.encode("hole 👋!").ids())).isEqualTo("hole 👋");
    }

    // ---- files ----------------------------------------------------------------------------------------------------

    private static Tokenizer json(String text) throws FormatException {
        return TokenizerJson.parse(text.getBytes(StandardCharsets.UTF_8), "test");
    }

    private static final String WORD_PIECE = """
            {"normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
              "strip_accents": null, "lowercase": true},
             "pre_tokenizer": {"type": "BertPreTokenizer"},
             "post_processor": {"type": "TemplateProcessing",
              "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
              "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
              "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
             "added_tokens": [{"id": 0, "content": "[PAD]", "special": true},
               {"id": 2, "content": "[CLS]", "special": true}, {"id": 3, "content": "[SEP]", "special": true}],
             "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
               "max_input_chars_per_word": 20,
               "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "un": 4, "##aff": 5, "##able": 6, "cafe": 7,
                 ",": 8, "中": 9, "##s": 10, "a": 11}}}
            """;

    @Test
    void wordPieceCutsTheLongestFromTheLeft() throws FormatException {
        Tokenizer tokenizer = json(WORD_PIECE);
        Encoding encoding = tokenizer.encode("UNaffable, cafés 中中 xyz");
        assertThat(encoding.ids()).containsExactly(2, 4, 5, 6, 8, 7, 10, 9, 9, 1, 3);
        assertThat(encoding.starts()).containsExactly(0, 0, 2, 5, 9, 11, 15, 17, 18, 20, 23);
        assertThat(encoding.ends()).containsExactly(0, 2, 5, 9, 10, 15, 16, 18, 19, 23, 23);
        assertThat(tokenizer.decode(encoding.ids())).isEqualTo("unaffable, cafes 中 中 [UNK]");
        assertThat(tokenizer.encode("a".repeat(21)).ids()).containsExactly(2, 1, 3);
        assertThat(tokenizer.encode("cafe\u0301\u0000\u200D a").ids()).containsExactly(2, 7, 11, 3);
    }

    @Test
    void truncationKeepsTheTemplate() throws FormatException {
        Tokenizer tokenizer = json(WORD_PIECE);
        assertThat(tokenizer.encode("unaffable cafe", 4).ids()).containsExactly(2, 4, 5, 3);
        Encoding pair = tokenizer.encodePair("unaffable a a", "cafe a", 7);
        assertThat(pair.ids()).containsExactly(2, 4, 5, 3, 7, 11, 3);
        assertThat(pair.types()).containsExactly(0, 0, 0, 0, 1, 1, 1);
        assertThat(tokenizer.encodePair("a", "unaffable a a", 7).ids()).containsExactly(2, 11, 3, 4, 5, 6, 3);
        assertThatThrownBy(() -> tokenizer.encode("a", 1)).hasMessageContaining("at least the 2 tokens");
    }

    @Test
    void unigramFindsTheMostProbableCut() throws FormatException {
        StringBuilder vocab = new StringBuilder("[\"<unk>\", 0]");
        Rng rng = new Rng(4);
        List<String> tokens = new ArrayList<>();
        List<Double> scores = new ArrayList<>();
        for (String token : List.of("▁", "a", "b", "▁a", "ab", "ba", "aba", "bb", "▁ab", "abab")) {
            double score = -10 * rng.nextDouble();
            tokens.add(token);
            scores.add(score);
            vocab.append(", [\"").append(token).append("\", ").append(score).append(']');
        }
        Tokenizer tokenizer = json("{\"pre_tokenizer\": {\"type\": \"Metaspace\", \"prepend_scheme\": \"always\"},"
                + " \"model\": {\"type\": \"Unigram\", \"unk_id\": 0, \"vocab\": [" + vocab + "]}}");
        for (String word : List.of("a", "abab", "babab", "bbbbaaab", "aabbababba")) {
            int[] ids = tokenizer.encode(word).ids();
            double found =
                    Arrays.stream(ids).mapToDouble(id -> scores.get(id - 1)).sum();
            assertThat(found).isCloseTo(best("▁" + word, tokens, scores), org.assertj.core.data.Offset.offset(1e-9));
            assertThat(tokenizer.decode(ids)).isEqualTo(word);
        }
        assertThat(tokenizer.encode("aéüa").ids()).contains(0).hasSizeLessThan(5);
    }

    private static double best(String word, List<String> tokens, List<Double> scores) {
        double best = word.isEmpty() ? 0 : Double.NEGATIVE_INFINITY;
        for (int i = 0; i < tokens.size(); i++) {
            if (word.startsWith(tokens.get(i))) {
                best = Math.max(
                        best, scores.get(i) + best(word.substring(tokens.get(i).length()), tokens, scores));
            }
        }
        return best;
    }

    @Test
    void sentencePieceBytePairsFallBackToBytes() throws FormatException {
        StringBuilder vocab = new StringBuilder("\"<unk>\": 0, \"▁\": 1, \"a\": 2, \"b\": 3, \"▁a\": 4, \"ab\": 5");
        for (int b = 0; b < 256; b++) {
            vocab.append(String.format(", \"<0x%02X>\": %d", b, 6 + b));
        }
        Tokenizer tokenizer = json("{\"normalizer\": {\"type\": \"Sequence\", \"normalizers\": ["
                + "{\"type\": \"Prepend\", \"prepend\": \"▁\"},"
                + "{\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}, \"content\": \"▁\"}]},"
                + "\"model\": {\"type\": \"BPE\", \"unk_token\": \"<unk>\", \"byte_fallback\": true,"
                + "\"merges\": [\"▁ a\", [\"a\", \"b\"]], \"vocab\": {" + vocab + "}}}");
        assertThat(tokenizer.encode("ab a").ids()).containsExactly(4, 3, 4);
        assertThat(tokenizer.encode("é").ids()).containsExactly(1, 6 + 0xC3, 6 + 0xA9);
        for (String text : HARD) {
            assertThat(tokenizer.decode(tokenizer.encode(text).ids())).isEqualTo(text);
        }
    }

    @Test
    void ranksInBase64MergeWhatIsAToken(@TempDir Path folder) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int b = 0; b < 256; b++) {
            lines.append(java.util.Base64.getEncoder().encodeToString(new byte[] {(byte) b}))
                    .append(' ')
                    .append(b)
                    .append('\n');
        }
        List<String> more = List.of("ab", "abc", " ab");
        for (int i = 0; i < more.size(); i++) {
            byte[] token = more.get(i).getBytes(StandardCharsets.UTF_8);
            lines.append(java.util.Base64.getEncoder().encodeToString(token))
                    .append(' ')
                    .append(256 + i)
                    .append('\n');
        }
        Path file = folder.resolve("ranks.tiktoken");
        Files.writeString(file, lines);
        Tokenizer tokenizer = BytePairFiles.tiktoken(file, BytePairFiles.CL100K, Map.of("<|endoftext|>", 300));
        assertThat(tokenizer.encode("abcab ab<|endoftext|>").ids()).containsExactly(257, 256, 258, 300);
        for (String text : HARD) {
            assertThat(tokenizer.decode(tokenizer.encode(text).ids())).isEqualTo(text);
        }
        Files.writeString(file, "AA== 0\nnot base64\n");
        assertThatThrownBy(() -> BytePairFiles.tiktoken(file, BytePairFiles.R50K, Map.of()))
                .hasMessageContaining("line 2: expects BASE64 RANK");
    }

    @Test
    void whatIsWrittenIsReadBack() throws FormatException {
        for (Tokenizer tokenizer : List.of(trained(), CharacterTokenizer.of(String.join("", HARD)))) {
            Tokenizer read = json(TokenizerJson.write(tokenizer));
            for (String text : HARD) {
                assertThat(read.encode(text).ids())
                        .isEqualTo(tokenizer.encode(text).ids());
                assertThat(read.decode(read.encode(text).ids())).isEqualTo(text);
            }
        }
        Tokenizer other = json(WORD_PIECE);
        assertThatThrownBy(() -> TokenizerJson.write(other)).hasMessageContaining("expects byte-level BPE");
    }

    /// As in `roberta-base`: the space before `<mask>` is the mask's.
    @Test
    void addedTokensTakeTheirSpacesAndMayNeedAWholeWord() throws FormatException {
        Tokenizer tokenizer = json("{\"added_tokens\": ["
                + "{\"id\": 5, \"content\": \"<mask>\", \"special\": true, \"lstrip\": true},"
                + "{\"id\": 6, \"content\": \"<r>\", \"special\": true, \"rstrip\": true},"
                + "{\"id\": 7, \"content\": \"cat\", \"single_word\": true}],"
                + "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\","
                + "\"vocab\": {\"?\": 0, \"a\": 1, \" \": 2, \"a \": 3, \"concat\": 4}}}");
        assertThat(tokenizer.encode("a  <mask> ").ids()).containsExactly(1, 5, 2);
        assertThat(tokenizer.encode("a  <mask> ").starts()).containsExactly(0, 1, 9);
        assertThat(tokenizer.encode("a <r>  <mask>").ids()).containsExactly(3, 6, 5);
        assertThat(tokenizer.encode("a <r>  <mask>").starts()).containsExactly(0, 2, 7);
        assertThat(tokenizer.encode("concat").ids()).containsExactly(4);
        assertThat(tokenizer.encode("cat-cat").ids()).containsExactly(7, 0, 7);
        assertThat(tokenizer.encode("cat_").ids()).containsExactly(0);
    }

    @Test
    void whitespaceSplitsWordsFromRunsOfSigns() throws FormatException {
        String start = "{\"pre_tokenizer\": {\"type\": \"";
        String end = "\"}, \"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", \"vocab\": "
                + "{\"?\": 0, \"a_b\": 1, \"!?\": 2, \"c\": 3, \"!\": 4, \"_\": 5, \"a\": 6, \"b\": 7}}}";
        assertThat(json(start + "Whitespace" + end).encode(" a_b!? c").ids()).containsExactly(1, 2, 3);
        assertThat(json(start + "BertPreTokenizer" + end).encode(" a_b!? c").ids())
                .containsExactly(6, 5, 7, 4, 0, 3);
        assertThat(json(start + "WhitespaceSplit" + end).encode(" a_b c").ids()).containsExactly(1, 3);
    }

    @Test
    void theFirstPrefixIsNotPutBehindAddedTokens() throws FormatException {
        String file = "{\"added_tokens\": [{\"id\": 4, \"content\": \"<s>\", \"special\": true}],"
                + "\"pre_tokenizer\": {\"type\": \"Metaspace\", \"prepend_scheme\": \"SCHEME\"},"
                + "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\","
                + "\"vocab\": {\"?\": 0, \"▁a\": 1, \"a\": 2, \"▁b\": 3}}}";
        assertThat(json(file.replace("SCHEME", "first")).encode("a b<s>a").ids())
                .containsExactly(1, 3, 4, 2);
        assertThat(json(file.replace("SCHEME", "first")).encode("<s>a b").ids()).containsExactly(4, 2, 3);
        assertThat(json(file.replace("SCHEME", "always")).encode("<s>a b").ids())
                .containsExactly(4, 1, 3);
        assertThat(json(file.replace("SCHEME", "never")).encode("a b").ids()).containsExactly(2, 3);
        assertThatThrownBy(() -> json(file.replace("SCHEME", "last")))
                .hasMessageContaining("prepend_scheme of type always, first or never, got last");
    }

    @Test
    void wordsWithoutADecoderAreDecodedWithSpaces() throws FormatException {
        String file = "{\"pre_tokenizer\": {\"type\": \"Whitespace\"}, DECODER"
                + "\"added_tokens\": [{\"id\": 3, \"content\": \"<s>\", \"special\": true}],"
                + "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\","
                + "\"vocab\": {\"?\": 0, \"the\": 1, \"cat\": 2}}}";
        int[] ids = {3, 1, 2, 3, 1};
        assertThat(json(file.replace("DECODER", "")).decode(ids)).isEqualTo("the cat the");
        assertThat(json(file.replace("DECODER", "")).decode(ids, false)).isEqualTo("<s> the cat <s> the");
        assertThat(json(file.replace("DECODER", "\"decoder\": {\"type\": \"Fuse\"},"))
                        .decode(ids))
                .isEqualTo("thecatthe");
    }

    /// Files of before, with a pattern that other libraries cannot read, are still characters.
    @Test
    void charactersAreWrittenWithAPatternThatOthersKnow() throws FormatException {
        String file = TokenizerJson.write(CharacterTokenizer.of("ab\n𝔘"));
        assertThat(file).contains("[\\\\s\\\\S]").contains("\"Fuse\"");
        Tokenizer old = json(file.replace("[\\\\s\\\\S]", "(?s).").replace("\"decoder\":{\"type\":\"Fuse\"},", ""));
        assertThat(TokenizerJson.write(old)).isEqualTo(file);
        assertThat(old.decode(old.encode("b\n𝔘a").ids())).isEqualTo("b\n𝔘a");
    }

    @Test
    void indicesOfTemplateAndAddedTokensAreChecked() {
        String model = "\"model\": {\"type\": \"WordLevel\", \"unk_token\": \"?\", \"vocab\": {\"?\": 0}}}";
        String processing =
                "{\"post_processor\": {\"type\": \"BertProcessing\", \"sep\": [\"s\", 0]," + " \"cls\": [\"c\", 1]}, ";
        assertThatThrownBy(() -> json(processing + model))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects indices of tokens in the post-processor, got 1");
        for (String id : List.of("-1", "2000000000")) {
            assertThatThrownBy(() -> json("{\"added_tokens\": [{\"id\": " + id + ", \"content\": \"x\"}], " + model))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("got " + id + " for 'x'");
        }
    }

    @Test
    void whatCannotBeReadIsNamed() {
        assertThatThrownBy(() -> json("{}")).hasMessageContaining("\"model\"");
        for (String damaged :
                List.of("{\"model\": ", "[]", "{\"model\": 3}", "{\"added_tokens\": [{\"content\": 1}]}")) {
            assertThatThrownBy(() -> TokenizerJson.parse(damaged.getBytes(StandardCharsets.UTF_8), "x.json"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageStartingWith("tokenizer: x.json: ");
        }
        assertThatThrownBy(() -> json("{\"model\": {\"type\": \"Magic\"}}")).hasMessageContaining("got Magic");
        assertThatThrownBy(() -> json("{\"normalizer\": {\"type\": \"Nmt\"}, \"model\": {}}"))
                .hasMessageContaining("expects a normalizer of type")
                .hasMessageContaining("got Nmt");
        assertThatThrownBy(() -> json("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"a b\"]}}"))
                .hasMessageContaining("merge 0")
                .hasMessageContaining("'a' and 'b'");
        assertThatThrownBy(
                        () -> json("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 0}, \"merges\": []}}"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("each index from 0 once");
        assertThatThrownBy(
                        () -> json("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 2000000000}, \"merges\": []}}"))
                .hasMessageContaining("below 10 million");
        assertThatThrownBy(() -> trained().decode(100_000)).hasMessageContaining("expects the index of a token");
    }
}
