package dev.retort.nn.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.data.Sample;
import dev.retort.nn.transformer.Bert;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.Deflater;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextDataTest {
    @TempDir
    private Path folder;

    @Test
    void blocksFollowOneAnotherAndTargetsAreNext() {
        TokenBlocks blocks = new TokenBlocks(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, 3);
        assertThat(blocks.size()).isEqualTo(2);
        Sample second = blocks.get(1);
        assertThat(second.input().toLongs()).containsExactly(3, 4, 5);
        assertThat(second.target().toLongs()).containsExactly(4, 5, 6);
        assertThat(new TokenBlocks(new int[] {0, 1, 2, 3}, 2, 1).size()).isEqualTo(2);
        assertThatThrownBy(() -> new TokenBlocks(new int[3], 3)).hasMessageContaining("length + 1 tokens");
        int[][] parts = TokenBlocks.split(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.1);
        assertThat(parts[0]).hasSize(9);
        assertThat(parts[1]).containsExactly(10);
        Tokenizer tokenizer = CharacterTokenizer.of("ab|");
        assertThat(TokenBlocks.pack(tokenizer, List.of("ab", "b"), 2)).containsExactly(0, 1, 2, 1, 2);
    }

    @Test
    void textsWithClassesAreCutAndFilledUp() throws IOException {
        Path file = Files.writeString(folder.resolve("texts.tsv"), "abba\t10\na\t2\n\nbb b\t2\n");
        Tokenizer tokenizer = CharacterTokenizer.of(" ab~");
        ClassifiedText texts = ClassifiedText.readTsv(file, tokenizer, 3, 3);
        assertThat(texts.classNames()).containsExactly("2", "10");
        assertThat(texts.labels()).containsExactly(1, 0, 0);
        assertThat(texts.get(0).input().toLongs()).containsExactly(1, 2, 2);
        assertThat(texts.get(1).input().toLongs()).containsExactly(1, 3, 3);
        List<ClassifiedText> buckets = texts.buckets(2);
        assertThat(buckets.getFirst().length()).isEqualTo(1);
        assertThat(buckets.getFirst().text(0)).isEqualTo("a");
        assertThat(buckets.getLast().size()).isEqualTo(2);
        Files.writeString(file, "no class\n");
        assertThatThrownBy(() -> ClassifiedText.readTsv(file, tokenizer, 3, 3))
                .hasMessageContaining("line 1: expects a text, a tab and a class");
    }

    private static byte[] record(String... lines) {
        ByteBuffer out = ByteBuffer.allocate(1000);
        out.put("X\n".getBytes(StandardCharsets.US_ASCII))
                .putInt(3)
                .putInt(0)
                .putInt(0)
                .putInt(5);
        out.put("UTF-8".getBytes(StandardCharsets.US_ASCII)).putInt(16).putInt(lines.length);
        for (String line : lines) {
            byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
            out.putInt(0x40009).putInt(bytes.length).put(bytes);
        }
        byte[] plain = java.util.Arrays.copyOf(out.array(), out.position());
        Deflater deflater = new Deflater();
        deflater.setInput(plain);
        deflater.finish();
        byte[] packed = new byte[2000];
        int size = deflater.deflate(packed);
        deflater.end();
        return ByteBuffer.allocate(4 + size)
                .putInt(plain.length)
                .put(packed, 0, size)
                .array();
    }

    @Test
    void novelsAreReadFromRsFormat() throws IOException {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(record("EMMA", "", "It was", "£5."));
        file.writeBytes(record("PERSUASION"));
        Path path = Files.write(folder.resolve("novels.rdb"), file.toByteArray());
        List<String> novels = JaneAusten.read(path);
        assertThat(novels).containsExactly("EMMA\n\nIt was\n£5.\n", "PERSUASION\n");
        assertThat(JaneAusten.unwrapped(novels.getFirst())).isEqualTo("EMMA\n\nIt was £5.");
        byte[] cut = java.util.Arrays.copyOf(file.toByteArray(), 30);
        Path broken = Files.write(folder.resolve("cut.rdb"), cut);
        assertThatThrownBy(() -> JaneAusten.read(broken)).hasMessageContaining("jane austen: " + broken);
    }

    @Test
    void theInstalledNovelsAreWhole() throws IOException {
        Assumptions.assumeTrue(
                Files.exists(JaneAusten.INSTALLED), "skipped: Debian's r-cran-janeaustenr is not installed");
        List<String> novels = JaneAusten.read(JaneAusten.INSTALLED);
        assertThat(novels).hasSize(6).allMatch(novel -> novel.length() > 400_000);
        assertThat(String.join("", novels).codePoints().distinct().count()).isEqualTo(81);
    }

    @Test
    void embeddingsHaveLengthOneAndDoNotDependOnTheBatch() {
        Tokenizer tokenizer = CharacterTokenizer.of("~abc ");
        Bert model = new Bert(Bert.Config.of(5, 16, 12, 2, 3, 20), new Rng(1));
        SentenceEncoder encoder = new SentenceEncoder(model, tokenizer, 8);
        Tensor all = encoder.embed(List.of("abc", "a", "cba cba cba", "b"));
        assertThat(all.square().sum(1).toFloats()).containsExactly(new float[] {1, 1, 1, 1}, Offset.offset(1e-5f));
        assertThat(all.select(0, 1).toFloats())
                .containsExactly(encoder.embed(List.of("a")).toFloats(), Offset.offset(1e-5f));
    }
}
