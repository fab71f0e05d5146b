package dev.retort.bench.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.bench.CommandLineRun;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextCommandsTest {
    @TempDir
    private Path folder;

    private static CommandLineRun train(Path text, Path model, int steps, String... more) {
        List<String> all = new ArrayList<>(List.of("train-lm", "--in", text.toString(), "--out", model.toString()));
        all.addAll(List.of("--context", "16", "--width", "16", "--layers", "1", "--heads", "2", "--batch", "8"));
        all.addAll(List.of("--lr", "0.01", "--steps", String.valueOf(steps)));
        all.addAll(List.of(more));
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    @Test
    void aTrainedModelGoesOnWithItsText() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh".repeat(60));
        Path model = folder.resolve("model.safetensors");
        CommandLineRun trained = train(text, model, 60);
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
        CommandLineRun trained = train(text, model, 2, "--bpe", "270", "--residual", "laurel-rw");
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
