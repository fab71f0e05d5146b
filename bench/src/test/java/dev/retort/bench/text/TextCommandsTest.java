package dev.retort.bench.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.bench.CommandLineRun;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextCommandsTest {
    @TempDir
    private Path folder;

    private CommandLineRun train(Path text, Path model, String... more) {
        String[] arguments = {
            "train-lm",
            "--in",
            text.toString(),
            "--out",
            model.toString(),
            "--context",
            "16",
            "--width",
            "16",
            "--layers",
            "1",
            "--heads",
            "2",
            "--steps",
            "60",
            "--batch",
            "8",
            "--lr",
            "0.01"
        };
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return CommandLineRun.of(all);
    }

    @Test
    void aTrainedModelGoesOnWithItsText() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh".repeat(60));
        Path model = folder.resolve("model.safetensors");
        CommandLineRun trained = train(text, model);
        assertThat(trained.code()).as(trained.err()).isZero();
        assertThat(trained.out()).contains("validation loss");
        CommandLineRun written = CommandLineRun.of(
                "generate", "--model", model.toString(), "--tokens", "10", "--temperature", "0", "abcd");
        assertThat(written.out().strip()).isEqualTo("abcdefghabcdef");
        CommandLineRun beams = CommandLineRun.of(
                "generate", "--model", model.toString(), "--tokens", "4", "--temperature", "0", "--beams", "2", "abcd");
        assertThat(beams.out().strip()).isEqualTo("abcdefgh");
    }

    @Test
    void byteLevelTokensAndOtherConnectionsAreKeptInTheFile() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "the cat sat on the mat. ".repeat(60));
        Path model = folder.resolve("model.safetensors");
        CommandLineRun trained = train(text, model, "--bpe", "270", "--residual", "laurel-rw", "--steps", "2");
        assertThat(trained.code()).as(trained.err()).isZero();
        LanguageModel loaded = LanguageModel.load(model);
        assertThat(loaded.tokenizer().size()).isLessThanOrEqualTo(270).isGreaterThan(256);
        assertThat(loaded.shape().residual()).isEqualTo("laurel-rw");
    }

    @Test
    void whatCannotBeUsedIsSaid() throws IOException {
        Path other = folder.resolve("other.safetensors");
        Safetensors.write(other, Map.of());
        assertThat(CommandLineRun.of("generate", "--model", other.toString()).err())
                .contains("expects a language model that 'retort train-lm' saved");
        assertThat(CommandLineRun.of("embed").err()).contains("expects texts as arguments");
        Path jar = Files.writeString(folder.resolve("no.jar"), "nothing");
        assertThat(CommandLineRun.of("embed", "--weights", jar.toString(), "a").err())
                .contains("expects the jar of all-MiniLM-L6-v2");
        assertThat(CommandLineRun.of(
                                "eval", "--model", "vgg", "--weights", other.toString(), "--data", folder.toString())
                        .err())
                .contains("expects --model resnetDEPTH");
    }
}
