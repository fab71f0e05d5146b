package dev.retort.bench.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void weightsWithoutACardAreRefused() throws Exception {
        Path file = folder.resolve("bare.safetensors");
        Safetensors.write(file, model().stateDict());

        assertThatThrownBy(() -> ModelCard.load(file))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects a model card in the metadata");
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
    void aDamagedFileIsRefused() throws Exception {
        Path file = folder.resolve("cut.safetensors");
        CARD.save(model(), file);
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 7));

        assertThatThrownBy(() -> ModelCard.load(file)).isInstanceOf(FormatException.class);
    }
}
