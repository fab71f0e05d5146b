package dev.retort.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Rng;
import dev.retort.tensor.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// SentencePiece's map of characters, on small maps that are compiled here.
class CharacterMapTest {
    private static final Map<String, String> ENTRIES = Map.of(
            "A", "a", "ｶ", "カ", "ｶﾞ", "ガ", "ﬁ", "fi", "\u00AD", "", "𝔘", "U", "½", "1⁄2", "e\u0301", "é", "\t", " ");

    /// A trie of bytes and, at the end of a sequence, the place of its text.
    private static final class Branch {
        final Map<Integer, Branch> next = new TreeMap<>();
        int place = -1;
    }

    /// The compiled form, units put at the first base that is free.
    private static byte[] compile(Map<String, String> entries) {
        Branch root = new Branch();
        ByteArrayOutputStream texts = new ByteArrayOutputStream();
        new TreeMap<>(entries).forEach((from, to) -> {
            Branch at = root;
            for (byte b : from.getBytes(StandardCharsets.UTF_8)) {
                at = at.next.computeIfAbsent(b & 0xFF, _ -> new Branch());
            }
            at.place = texts.size();
            texts.writeBytes((to + "\0").getBytes(StandardCharsets.UTF_8));
        });
        int[] units = new int[256 * 64];
        boolean[] used = new boolean[units.length];
        used[0] = true;
        put(root, 0, units, used, new BitSet());
        ByteBuffer file =
                ByteBuffer.allocate(4 + 4 * units.length + texts.size()).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(4 * units.length);
        for (int unit : units) {
            file.putInt(unit);
        }
        return file.put(texts.toByteArray()).array();
    }

    private static void put(Branch branch, int at, int[] units, boolean[] used, BitSet bases) {
        int base = 256; // the form for far bases as well: multiples of 256
        while (bases.get(base) || !free(branch, base, used)) {
            base++;
        }
        bases.set(base); // of one branch only, or the bytes of two would be mixed up
        int offset = at ^ base;
        units[at] |= (offset & 0xFF) == 0 ? offset >>> 8 << 10 | 1 << 9 : offset << 10;
        if (branch.place >= 0) {
            units[at] |= 1 << 8;
            units[base] = 1 << 31 | branch.place;
            used[base] = true;
        }
        for (int b : branch.next.keySet()) {
            units[base ^ b] = b;
            used[base ^ b] = true;
        }
        for (Map.Entry<Integer, Branch> child : branch.next.entrySet()) {
            put(child.getValue(), base ^ child.getKey(), units, used, bases);
        }
    }

    private static boolean free(Branch branch, int base, boolean[] used) {
        return !(branch.place >= 0 && used[base])
                && branch.next.keySet().stream().noneMatch(b -> used[base ^ b]);
    }

    private static NormalizedText apply(String text) throws FormatException {
        return CharacterMap.parse(compile(ENTRIES), "test").apply(NormalizedText.of(text, 0, text.length()));
    }

    @Test
    void theLongestSequenceIsReplaced() throws FormatException {
        assertThat(apply("ABCA").text()).isEqualTo("aBCa");
        assertThat(apply("ｶｶﾞｶx").text()).isEqualTo("カガカx");
        assertThat(apply("eﬁe\u0301\u0301e").text()).isEqualTo("efié\u0301e");
        assertThat(apply("x\u00AD\u00ADy 𝔘½𝔙").text()).isEqualTo("xy U1⁄2𝔙");
        assertThat(apply("").text()).isEmpty();
        assertThat(apply("\0A\0\uD800").text()).isEqualTo("\0a\0\uD800");
    }

    @Test
    void placesAreTheOriginals() throws FormatException {
        NormalizedText text = apply("ﬁ\u00AD𝔘ｶﾞ!");
        assertThat(text.text()).isEqualTo("fiUガ!");
        assertThat(text.start(1)).isZero();
        assertThat(text.end(2)).isEqualTo(1);
        assertThat(text.start(2)).isEqualTo(2);
        assertThat(text.end(3)).isEqualTo(4);
        assertThat(text.start(3)).isEqualTo(4);
        assertThat(text.end(4)).isEqualTo(6);
    }

    /// A file as those of T5 and XLM-R: the map, white space at the end cut off and joined elsewhere,
    /// unigram.
    @Test
    void unigramTokenizerWithAMap() throws FormatException {
        String map = Base64.getEncoder().encodeToString(compile(ENTRIES));
        Tokenizer tokenizer = TokenizerJson.parse("""
                {"normalizer": {"type": "Sequence", "normalizers": [
                   {"type": "Precompiled", "precompiled_charsmap": "%s"},
                   {"type": "Strip", "strip_left": false, "strip_right": true},
                   {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}]},
                 "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"},
                 "model": {"type": "Unigram", "unk_id": 0, "vocab":
                   [["<unk>", 0], ["▁", -4], ["▁a", -2], ["fi", -3], ["f", -3.5], ["i", -3.5], ["▁fi", -2.5], ["é", -5]]}}
                """.formatted(map).getBytes(StandardCharsets.UTF_8), "test");
        Encoding encoding = tokenizer.encode("A  \tﬁA ﬁe\u0301 \t ");
        assertThat(encoding.ids()).containsExactly(2, 6, 0, 6, 7);
        assertThat(tokenizer.decode(new int[] {2, 6, 6, 7})).isEqualTo("a fi fié");
        assertThat(tokenizer.encode("  ").ids()).isEmpty();
        assertThat(tokenizer.encode("").ids()).isEmpty();
    }

    @Test
    void anEmptyMapChangesNothing() throws FormatException {
        Tokenizer tokenizer = TokenizerJson.parse("""
                {"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""},
                 "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["A", -1]]}}
                """.getBytes(StandardCharsets.UTF_8), "test");
        assertThat(tokenizer.encode("A").ids()).containsExactly(1);
    }

    @Test
    void brokenMapsAreRefused() {
        byte[] good = compile(ENTRIES);
        assertThatThrownBy(() -> CharacterMap.parse(new byte[3], "test"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("tokenizer: test: expects a trie of 4 to 3 bytes");
        assertThatThrownBy(() -> CharacterMap.parse(Arrays.copyOf(good, 1000), "test"))
                .hasMessageContaining("expects a trie of 4 to 996 bytes in the map of characters, got 65536");
        assertThatThrownBy(() -> CharacterMap.parse(Arrays.copyOf(good, good.length - 1), "test"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects a text at");
        byte[] latin = good.clone();
        latin[good.length - 2] = (byte) 0xE9;
        assertThatThrownBy(() -> CharacterMap.parse(latin, "test")).hasMessageContaining("is not UTF-8");
        assertThatThrownBy(() -> TokenizerJson.parse(
                        "{\"normalizer\": {\"type\": \"Precompiled\", \"precompiled_charsmap\": \"?\"}, \"model\": {}}"
                                .getBytes(StandardCharsets.UTF_8),
                        "test"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("tokenizer: test");
    }

    /// Flipped bits give another map or an error that says so, and never an end without result.
    @Test
    void flippedBits() {
        byte[] good = compile(ENTRIES);
        Rng rng = new Rng(6);
        String text = String.join("", ENTRIES.keySet()) + "abc ｶ";
        int refused = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] broken = good.clone();
            for (int k = 0; k < 3; k++) {
                broken[rng.nextInt(4 + 4 * 700)] ^= (byte) (1 << rng.nextInt(8));
            }
            try {
                NormalizedText changed =
                        CharacterMap.parse(broken, "test").apply(NormalizedText.of(text, 0, text.length()));
                assertThat(changed.text()).isNotEmpty();
            } catch (FormatException e) {
                refused++;
            }
        }
        assertThat(refused).isBetween(1, 2999);
    }
}
