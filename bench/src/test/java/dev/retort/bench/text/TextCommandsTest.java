package dev.retort.bench.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.bench.CommandLineRun;
import dev.retort.nn.text.CharacterTokenizer;
import dev.retort.nn.text.SentenceEncoder;
import dev.retort.nn.text.Tokenizer;
import dev.retort.nn.text.TokenizerJson;
import dev.retort.nn.transformer.Bert;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.io.Safetensors;
import dev.retort.tensor.io.SoleUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
        for (String beam : List.of("1", "2")) {
            String first = greedy(model, 13, beam, "abcd"); // with the prompt one more than the context of 16
            String second = greedy(model, 9, beam, first.substring(17 - 8)).substring(8);
            assertThat(greedy(model, 200, beam, "abcd"))
                    .startsWith(first + second)
                    .hasSize(204);
        }
    }

    private static String greedy(Path model, int tokens, String beams, String prompt) {
        String count = String.valueOf(tokens);
        CommandLineRun run = CommandLineRun.of(
                "generate",
                "--model",
                model.toString(),
                "--tokens",
                count,
                "--temperature",
                "0",
                "--beams",
                beams,
                prompt);
        assertThat(run.code()).as(run.err()).isZero();
        return run.out().strip();
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
    void oneProcessAtATimeTrainsAFile() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh".repeat(60));
        Path model = folder.resolve("new").resolve("model.safetensors");
        Files.createDirectories(folder.resolve("new"));
        try (SoleUse other = SoleUse.of(folder.resolve("new").resolve(".model.safetensors.lock"))) {
            assertThat(other).isNotNull();
            CommandLineRun refused = train(text, model, 2);
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.err()).contains("train-lm: another process is training " + model);
        }
        assertThat(model).doesNotExist();
        assertThat(train(text, model, 2).code()).isZero();
        assertThat(train(text, folder.resolve("made").resolve("model.safetensors"), 2)
                        .code())
                .isZero();
    }

    @Test
    void aCheckpointOfAnotherTextOrSettingIsRefused() throws IOException {
        Tokenizer tokenizer = CharacterTokenizer.of("abcd");
        LanguageModel.Shape shape = new LanguageModel.Shape(4, 8, 1, 2, "plain");
        LanguageTraining.Settings settings = new LanguageTraining.Settings(3, 2, 0.01, 1);
        int[] text = tokenizer.encodePlain("abcd".repeat(20));
        Path file = folder.resolve("m.checkpoint");
        LanguageTraining first = new LanguageTraining(shape, tokenizer, text, settings, Device.CPU);
        assertThat(first.run(file, _ -> {}, () -> true)).isFalse();
        LanguageTraining same = new LanguageTraining(shape, tokenizer, text, settings, Device.CPU);
        same.resume(file);
        assertThat(same.step()).isEqualTo(1);
        int[] other = tokenizer.encodePlain("dcba".repeat(20));
        assertThatThrownBy(() -> new LanguageTraining(shape, tokenizer, other, settings, Device.CPU).resume(file))
                .hasMessageContaining("m.checkpoint holds another run");
        LanguageTraining.Settings faster = new LanguageTraining.Settings(3, 2, 0.1, 1);
        assertThatThrownBy(() -> new LanguageTraining(shape, tokenizer, text, faster, Device.CPU).resume(file))
                .hasMessageContaining("lr=0.1")
                .hasMessageContaining("lr=0.01");
    }

    @Test
    void whatCannotBeUsedIsSaid() throws IOException {
        Path other = folder.resolve("other.safetensors");
        Safetensors.write(other, Map.of());
        assertThat(CommandLineRun.of("generate", "--model", other.toString()).err())
                .contains("expects a language model that 'retort train-lm' saved");
        Path text = Files.writeString(folder.resolve("short.txt"), "abcdefgh");
        Path gpt = folder.resolve("gpt.safetensors");
        Safetensors.write(gpt, Map.of(), Map.of("retort.lm", "{}"));
        assertThat(CommandLineRun.of("predict", "--model", gpt.toString(), text.toString())
                        .err())
                .contains("expects a classifier, got a language model");
        assertThat(CommandLineRun.of("bench", "--seconds", "0").err())
                .contains("--seconds: expected at least 1, got 0");
        assertThat(train(text, other, 1).err())
                .contains("expects more than --context 16 tokens in the training part of the text, got 7 of 8");
        Files.write(text, new byte[] {'a', (byte) 0xFF});
        assertThat(train(text, other, 1).err()).contains(text + ": expects UTF-8 text, got other bytes at offset 1");
        assertThat(train(folder, other, 1).err()).contains(folder + ": expects a file, got a folder");
        assertThat(CommandLineRun.of("embed").err()).contains("expects texts as arguments");
        assertThat(CommandLineRun.of("embed", "--out", "x.txt", "a").err()).contains("ending .json, .csv or .npy");
        assertThat(CommandLineRun.of("embed", "--top", "0", "a").err()).contains("--top: expected at least 1, got 0");
        Path jar = Files.writeString(folder.resolve("no.jar"), "nothing");
        assertThat(CommandLineRun.of("embed", "--weights", jar.toString(), "a").err())
                .contains("expects the jar of all-MiniLM-L6-v2");
        Path batch = Files.write(folder.resolve("test.bin"), new byte[3073]);
        assertThat(CommandLineRun.of(
                                "eval",
                                "--architecture",
                                "resnet20",
                                "--model",
                                other.toString(),
                                "--data",
                                batch.toString())
                        .err())
                .contains("eval: " + other + ": expects weights of resnet20: loadStateDict");
        assertThat(CommandLineRun.of(
                                "eval",
                                "--architecture",
                                "vgg",
                                "--model",
                                other.toString(),
                                "--data",
                                folder.toString())
                        .err())
                .contains("expects --architecture resnetDEPTH");
    }

    @Test
    void aFileThatClaimsAGiantIsRefusedBeforeMemoryIsTaken() throws IOException {
        Path file = folder.resolve("giant.safetensors");
        String tokenizer = TokenizerJson.write(CharacterTokenizer.of("abc"));
        for (String sizes : List.of(
                "\"context\": 2000000000, \"width\": 1, \"layers\": 1",
                "\"context\": 8, \"width\": 2000000000, \"layers\": 2000000000")) {
            String config = "{" + sizes + ", \"heads\": 1, \"residual\": \"plain\"}";
            Safetensors.write(file, Map.of(), Map.of("retort.lm", config, "tokenizer.json", tokenizer));
            CommandLineRun run = CommandLineRun.of("generate", "--model", file.toString());
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains("generate: " + file, "weights, the file has 0");
        }
    }

    @Test
    void numbersOutOfRangeAreSaidBeforeTheWork() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh".repeat(60));
        Path model = folder.resolve("model.safetensors");
        CommandLineRun none = train(text, model, 0);
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err()).contains("--steps: expected at least 1, got 0");
        assertThat(train(text, model, 5, "--bpe", "-1").err()).contains("--bpe: expected at least 0, got -1");
        assertThat(model).doesNotExist();
    }

    /// Trains a step with one of the sizes of a tiny network replaced.
    private static CommandLineRun sized(Path text, Path model, String option, String value) {
        Map<String, String> sizes = new LinkedHashMap<>(
                Map.of("--width", "16", "--layers", "1", "--heads", "2", "--context", "16", "--batch", "8"));
        sizes.put(option, value);
        List<String> all = new ArrayList<>(
                List.of("train-lm", "--steps", "1", "--in", text.toString(), "--out", model.toString()));
        sizes.forEach((name, size) -> all.addAll(List.of(name, size)));
        return CommandLineRun.of(all.toArray(String[]::new));
    }

    @Test
    void sizesThatNoHeapHoldsAreRefusedWithWhatTheyNeed() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh".repeat(60));
        Path model = folder.resolve("model.safetensors");
        for (String[] size : new String[][] {
            {"--width", "2000000000"}, {"--width", "200000"}, {"--layers", "2000000000"}, {"--layers", "9000000"}
        }) {
            CommandLineRun run = sized(text, model, size[0], size[1]);
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains("train-lm: --width ", size[0] + " " + size[1], " MiB for weights");
        }
        for (String option : List.of("--width", "--heads")) {
            assertThat(sized(text, model, option, "0").err()).contains(option + ": expected at least 1, got 0");
        }
        assertThat(model).doesNotExist();
        assertThat(sized(text, model, "--batch", "2000000000").code())
                .as("all of a short text")
                .isZero();
        CommandLineRun beams = CommandLineRun.of(
                "generate", "--model", model.toString(), "--tokens", "16", "--beams", "1000000000", "abcd");
        assertThat(beams.code()).isEqualTo(1);
        assertThat(beams.err()).contains("generate: " + model, "1,000,000,000 beams need at least ", " MiB");
    }

    @Test
    void whatIsReadIsNotWrittenOver() throws IOException {
        Path text = Files.writeString(folder.resolve("text.csv"), "abcdefgh".repeat(60));
        String path = text.toString();
        for (CommandLineRun run : List.of(
                train(text, text, 1),
                CommandLineRun.of("embed", "--in", path, "--out", path),
                CommandLineRun.of("select", "-n", "1", "--logits", path, "--selector", "margin", "--out", path))) {
            assertThat(run.code()).isEqualTo(1);
            assertThat(run.err()).contains("--out: expected another file than those that are read, got " + path);
        }
        assertThat(text).hasContent("abcdefgh".repeat(60));
        assertThat(train(text, folder, 1).err()).contains("--out: expected the path of a file", "a folder");
        assertThat(train(text, text.resolve("x"), 1).err()).contains("text.csv is a file");
    }

    /// A folder under a file can be neither read nor made, whoever runs the test.
    @Test
    void embeddingsThatCannotBeKeptAreFoundAllTheSame() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "no folder");
        Tokenizer tokenizer = CharacterTokenizer.of("~abc ");
        SentenceEncoder encoder =
                new SentenceEncoder(new Bert(Bert.Config.of(5, 16, 12, 2, 3, 20), new Rng(1)), tokenizer, 8);
        List<String> texts = List.of("abc", "cab", "b b");
        EmbeddingIndex index = EmbeddingIndex.of(encoder, "model", texts, _ -> {}, file.resolve("cache"));
        assertThat(index.search(encoder.embed(List.of("cab")), 1))
                .extracting(EmbeddingIndex.Hit::text)
                .containsExactly("cab");
        Path cache = folder.resolve("cache");
        var _ = EmbeddingIndex.of(encoder, "model", texts, _ -> {}, cache);
        try (var kept = Files.list(cache)) {
            assertThat(kept).hasSize(1);
        }
    }
}
