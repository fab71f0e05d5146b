package dev.retort.nn.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Public tokenizer files give the indices that their own encoders give. Needs the files, so it runs only with
/// `-Ddev.retort.gpt2=FOLDER` (`encoder.json` and `vocab.bpe` inside).
class PublicTokenizersTest {
    @Test
    @EnabledIfSystemProperty(
            named = "dev.retort.gpt2",
            matches = ".+",
            disabledReason = "SKIPPED: public tokenizers need -Ddev.retort.gpt2=FOLDER")
    void gpt2() throws IOException {
        Path folder = Path.of(System.getProperty("dev.retort.gpt2"));
        Tokenizer tokenizer = BytePairFiles.gpt2(folder.resolve("encoder.json"), folder.resolve("vocab.bpe"));
        String text = "Hello world, this is a test of unbelievable tokenisation! café 123";
        assertThat(tokenizer.encode(text).ids())
                .containsExactly(15496, 995, 11, 428, 318, 257, 1332, 286, 24479, 11241, 5612, 0, 40304, 17031);
        assertThat(tokenizer.size()).isEqualTo(50257);
        assertThat(tokenizer.id("<|endoftext|>")).isEqualTo(50256);
        Path expected = folder.resolve("expected.txt"); // one text of ids a line, by the files' own encoder
        Path texts = folder.resolve("texts.txt");
        if (Files.exists(expected)) {
            int[] ids = tokenizer.encode(Files.readString(texts)).ids();
            int[] known = Files.readString(expected)
                    .strip()
                    .lines()
                    .mapToInt(Integer::parseInt)
                    .toArray();
            assertThat(ids).isEqualTo(known);
        }
    }
}
