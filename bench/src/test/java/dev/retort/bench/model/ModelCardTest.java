package dev.retort.bench.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.bench.CommandLineRun;
import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Safetensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelCardTest {
    private static final ModelCard CARD = new ModelCard(
            "cnn:4,8",
            new ImageShape(1, 8, 8),
            List.of("a", "b", "c"),
            new Normalization(List.of(0.25f), List.of(0.5f)),
            Map.of("seed", 3));

    @TempDir
    private Path folder;

    private Layer model() {
        Layer model = ModelSpec.parse(CARD.architecture()).create(CARD.input(), 3, new Rng(5));
        model.eval();
        return model;
    }

    @Test
    void aLoadedModelGivesTheSameBits() throws Exception {
        Path file = folder.resolve("m.safetensors");
        Layer model = model();
        CARD.save(model, file);

        ModelCard.Loaded loaded = ModelCard.load(file);

        Tensor x = dev.retort.tensor.Random.normal(new Rng(2), 2, 1, 8, 8);
        assertThat(loaded.card()).isEqualTo(CARD);
        assertThat(loaded.model().call(x).toFloats()).isEqualTo(model.call(x).toFloats());
        assertThat(folder.resolve("m.json")).exists();
    }

    @Test
    void imagesOfAnotherSizeAreRefused() throws Exception {
        Path file = folder.resolve("m.safetensors");
        CARD.save(model(), file);
        Path batch = Files.write(folder.resolve("test.bin"), new byte[1 + 3 * 32 * 32]);
        CommandLineRun run = CommandLineRun.of("eval", "--weights", file.toString(), "--data", batch.toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err())
                .contains("model: " + file + ": expects images of 1x8x8, which it was trained on, got 3x32x32");
    }

    @Test
    void aNormalizationOfOtherChannelsIsRefused() throws Exception {
        Path file = folder.resolve("m.safetensors");
        Normalization three = new Normalization(List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
        new ModelCard(CARD.architecture(), CARD.input(), CARD.classes(), three, Map.of()).save(model(), file);
        assertThatThrownBy(() -> ModelCard.load(file))
                .isInstanceOf(FormatException.class)
                .hasMessage("model: " + file + ": the model card does not fit: expects a mean and a deviation for each"
                        + " of 1 channels of images 1x8x8, got 3");
    }

    @Test
    void weightsThatAreNoNumbersAreNoAccuracyOfZero() throws Exception {
        Path file = folder.resolve("nan.safetensors");
        ImageShape colour = new ImageShape(3, 32, 32);
        Normalization plain = new Normalization(List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
        Layer model = ModelSpec.parse("mlp:4").create(colour, 3, new Rng(5));
        model.parameters().forEach(p -> p.set(p.tensor().mul(Double.NaN)));
        new ModelCard("mlp:4", colour, CARD.classes(), plain, Map.of()).save(model, file);
        Path batch = Files.write(folder.resolve("test.bin"), new byte[1 + 3 * 32 * 32]);
        CommandLineRun run = CommandLineRun.of("eval", "--weights", file.toString(), "--data", batch.toString());
        assertThat(run.code()).isEqualTo(1);
        assertThat(run.err()).contains("eval: " + file + ": expects a model with finite logits");
    }

    @Test
    void weightsWithoutACardAreRefused() throws Exception {
        Path file = folder.resolve("bare.safetensors");
        Safetensors.write(file, model().stateDict());

        assertThatThrownBy(() -> ModelCard.load(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects a model card in the metadata");
    }

    @Test
    void aCardWithoutClassesIsRefused() throws Exception {
        Path file = folder.resolve("classless.safetensors");
        String json = "{\"architecture\": \"cnn:4,8\", \"input\": {\"channels\": 1, \"height\": 8, \"width\": 8}}";
        Safetensors.write(file, model().stateDict(), Map.of("retort.card", json));

        assertThatThrownBy(() -> ModelCard.load(file))
                .isInstanceOf(FormatException.class)
                .hasMessageStartingWith("model: " + file + ": the model card cannot be read: ")
                .hasMessageContaining("'classes'");
    }

    @Test
    void aCardOfAnotherArchitectureIsRefused() throws Exception {
        Path file = folder.resolve("other.safetensors");
        new ModelCard("cnn:4,9", CARD.input(), CARD.classes(), CARD.normalization(), Map.of()).save(model(), file);

        assertThatThrownBy(() -> ModelCard.load(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("the model card does not fit");
    }

    @Test
    void everyTruncationIsRefused() throws Exception {
        Path file = folder.resolve("cut.safetensors");
        CARD.save(model(), file);
        byte[] bytes = Files.readAllBytes(file);
        for (int length = 0; length < bytes.length; length += length < 1500 ? 1 : 97) {
            Files.write(file, Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> ModelCard.load(file)).isInstanceOf(FormatException.class);
        }
    }

    @Test
    void flippedBytesNeverDoMoreThanThrow() throws Exception {
        Path file = folder.resolve("flipped.safetensors");
        CARD.save(model(), file);
        byte[] whole = Files.readAllBytes(file);
        int header =
                8 + (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
        Rng random = new Rng(1);
        int refused = 0;
        for (int i = 0; i < 1500; i++) {
            byte[] bytes = whole.clone();
            bytes[random.nextInt(header)] ^= (byte) (1 + random.nextInt(255));
            Files.write(file, bytes);
            try {
                ModelCard.load(file);
            } catch (FormatException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(500);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cnn:99999,99999", "resnet9998:99999,99999,99999", "mlp:99999,99999", "resnet2000:4,4,4"})
    void aCardThatClaimsAGiantIsRefusedBeforeMemoryIsTaken(String architecture) throws Exception {
        Path file = folder.resolve("giant.safetensors");
        new ModelCard(architecture, CARD.input(), CARD.classes(), CARD.normalization(), Map.of()).save(model(), file);

        assertThatThrownBy(() -> ModelCard.load(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("weights, the file has");
    }

    @Test
    void theWeightsThatASpecPromisesAreThere() {
        ImageShape input = new ImageShape(3, 8, 8);
        for (String text : List.of("cnn:4,8", "resnet8:4,8,16", "resnet20:4,8,8", "mlp:16,8")) {
            ModelSpec spec = ModelSpec.parse(text);
            assertThat(spec.leastWeights(input))
                    .isBetween(1L, spec.create(input, 3, new Rng(0)).parameterCount());
        }
        assertThatThrownBy(() -> new ImageShape(1, 1 << 16, 1 << 16)).hasMessageContaining("at most");
    }
}
