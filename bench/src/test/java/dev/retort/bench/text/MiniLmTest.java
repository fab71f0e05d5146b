package dev.retort.bench.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// all-MiniLM-L6-v2 gives the features that ONNX Runtime gave, and its tokenizer the indices of the reference.
/// Needs the files, so it runs only with `-Ddev.retort.data=FOLDER` (`minilm-reference` inside) and
/// `-Ddev.retort.minilm=JAR`.
@EnabledIfSystemProperty(
        named = "dev.retort.data",
        matches = ".+",
        disabledReason = "SKIPPED: MiniLM needs -Ddev.retort.data=FOLDER")
@EnabledIfSystemProperty(
        named = "dev.retort.minilm",
        matches = ".+",
        disabledReason = "SKIPPED: MiniLM needs -Ddev.retort.minilm=JAR")
class MiniLmTest {
    private final Path folder =
            Path.of(System.getProperty("dev.retort.data", ".")).resolve("minilm-reference");
    private final Path jar = Path.of(System.getProperty("dev.retort.minilm", "."));

    private static Tensor longs(Json rows) throws IOException {
        List<Long> all = new ArrayList<>();
        for (Json row : rows.asList()) {
            for (Json value : row.asList()) {
                all.add(value.asLong());
            }
        }
        int n = rows.asList().size();
        return Tensor.of(all.stream().mapToLong(v -> v).toArray(), n, all.size() / n);
    }

    @Test
    void featuresAreThoseOfOnnxRuntime() throws IOException {
        Json.Obj reference = Json.parse(Files.readAllBytes(folder.resolve("minilm-ref.json")))
                .asObject();
        Tensor ids = longs(reference.get("input_ids"));
        Tensor mask = longs(reference.get("attention_mask"));
        FloatBuffer expected = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("minilm-ref-hidden.f32le")))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        try (GradScope _ = Autograd.noGrad()) {
            float[] hidden = MiniLm.load(jar).model().call(ids, mask, null).toFloats();
            assertThat(hidden).hasSize(expected.remaining());
            for (int i = 0; i < hidden.length; i++) {
                assertThat(hidden[i]).as("feature " + i).isCloseTo(expected.get(i), Offset.offset(1e-4f));
            }
        }
    }

    @Test
    void tokensAndEmbeddingsAreTheReferences() throws IOException {
        MiniLm.Loaded loaded = MiniLm.load(jar);
        assertThat(loaded.tokenizer().encode("Hello world").ids()).containsExactly(101, 7592, 2088, 102);
        assertThat(loaded.tokenizer()
                        .encode("Überraschung: naïve café №5 don't unbelievablyxyz")
                        .ids())
                .containsExactly(
                        101, 19169, 8180, 20760, 3070, 1024, 15743, 7668, 1578, 2629, 2123, 1005, 1056, 4895, 8671,
                        2666, 3567, 6321, 18037, 2480, 102);
        float[] embedding = loaded.encoder().embed(List.of("Hello world", "a")).toFloats();
        float[] known = {-0.034477f, 0.031023f, 0.006735f, 0.026109f, -0.039362f, -0.160302f};
        for (int i = 0; i < known.length; i++) {
            assertThat(embedding[i]).isCloseTo(known[i], Offset.offset(2e-6f));
        }
    }
}
