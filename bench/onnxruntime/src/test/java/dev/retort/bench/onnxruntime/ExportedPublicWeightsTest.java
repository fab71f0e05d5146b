package dev.retort.bench.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Cifar;
import dev.retort.nn.data.ImageDataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.inference.OnnxExport;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.transformer.Bert;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Json;
import dev.retort.tensor.io.OnnxModel;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Networks with public weights, exported and run by ONNX Runtime, give the outputs and accuracies that are
/// known for these weights. Needs the files: `-Ddev.retort.data=FOLDER` (`resnet-cifar`, `cifar10` and
/// `minilm-reference` inside), and for MiniLM `-Ddev.retort.minilm=JAR`.
@EnabledIfSystemProperty(
        named = "dev.retort.data",
        matches = ".+",
        disabledReason = "SKIPPED: public weights were not exported; they need -Ddev.retort.data=FOLDER")
class ExportedPublicWeightsTest {
    private static final double TOLERANCE = 1e-4;
    private static final int BATCH = 113; // 1,017 images are nine batches
    private static final Normalize NORMALIZE =
            new Normalize(new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f});

    private final Path data = Path.of(System.getProperty("dev.retort.data", "."));

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"20, resnet20-12fca82f, 932", "56, resnet56-4bfd9763, 943"})
    void cifarResNets(int depth, String weights, int hits) throws IOException {
        CifarResNet network = new CifarResNet(CifarResNet.Config.of(depth, 10), new Rng(1));
        network.loadStateDict(Safetensors.read(data.resolve("resnet-cifar").resolve(weights + ".safetensors")));
        network.eval();
        ImageDataset images = Cifar.read10(List.of(data.resolve("cifar10").resolve("test-subset.bin")));
        assertThat(images.size()).isEqualTo(9 * BATCH);
        int right = 0;
        double worst = 0;
        try (OnnxRuntimeSession session = exported(network, batch(images, 0, 1));
                var _ = Autograd.noGrad()) {
            for (int from = 0; from < images.size(); from += BATCH) {
                Tensor x = batch(images, from, BATCH);
                Tensor logits = session.apply(x);
                worst = Math.max(worst, distance(logits, network.call(x)));
                long[] classes = logits.argmax(1).toLongs();
                for (int i = 0; i < BATCH; i++) {
                    right += classes[i] == images.label(from + i) ? 1 : 0;
                }
            }
            System.out.printf("resnet%d: %d of %d right, largest difference %.2e%n", depth, right, 9 * BATCH, worst);
            assertThat(worst).isCloseTo(0, within(TOLERANCE));
            assertThat(right).isEqualTo(hits);
            if (depth == 20) {
                float[] known = floats(data.resolve("resnet-cifar").resolve("resnet20-ref-logits-first64.f32le"));
                double off = distance(session.apply(batch(images, 0, 64)), Tensor.of(known, 64, 10));
                assertThat(off).as("reference logits").isCloseTo(0, within(TOLERANCE));
            }
        }
    }

    @Test
    @EnabledIfSystemProperty(
            named = "dev.retort.minilm",
            matches = ".+",
            disabledReason = "SKIPPED: MiniLM was not exported; it needs -Ddev.retort.minilm=JAR")
    void miniLm() throws IOException {
        Json.Obj reference = Json.parse(
                        Files.readAllBytes(data.resolve("minilm-reference").resolve("minilm-ref.json")))
                .asObject();
        Tensor ids = longs(reference.get("input_ids"));
        Tensor visible = longs(reference.get("attention_mask")).to(DType.F32);
        Bert network = miniLm(Path.of(System.getProperty("dev.retort.minilm")));
        try (OnnxRuntimeSession session = exported(network, ids.narrow(0, 0, 1));
                var _ = Autograd.noGrad()) {
            Tensor hidden = session.apply(ids);
            float[] known = floats(data.resolve("minilm-reference").resolve("minilm-ref-hidden.f32le"));
            double off = distance(hidden, Tensor.of(known, 4, 21, 384));
            double ours = distance(hidden, network.call(ids));
            double embeddings = distance(embeddings(hidden, visible), embeddings(network.call(ids), visible));
            System.out.printf(
                    "all-MiniLM-L6-v2: features differ by %.2e from the reference and %.2e from ours, embeddings by %.2e%n",
                    off, ours, embeddings);
            assertThat(off).as("reference features").isCloseTo(0, within(TOLERANCE));
            assertThat(ours).as("features").isCloseTo(0, within(TOLERANCE));
            assertThat(embeddings).as("embeddings").isCloseTo(0, within(TOLERANCE));
            // "Hello world", as sentence-transformers embeds it
            assertThat(embeddings(hidden, visible).select(0, 0).narrow(0, 0, 3).toFloats())
                    .containsExactly(new float[] {-0.034477f, 0.031023f, 0.006735f}, within(1e-5f));
        }
    }

    private OnnxRuntimeSession exported(Layer network, Tensor example) throws IOException {
        Path file = folder.resolve("network.onnx");
        assertThat(OnnxExport.write(network, example, file).anyBatch()).isTrue();
        return new OnnxRuntimeSession(file, 1);
    }

    private static Tensor batch(ImageDataset images, int from, int size) {
        Tensor[] inputs = new Tensor[size];
        for (int i = 0; i < size; i++) {
            inputs[i] = NORMALIZE.apply(images.get(from + i).input(), new Rng(0));
        }
        return Tensor.stack(0, inputs);
    }

    /// The mean over the tokens of each text, of length 1.
    private static Tensor embeddings(Tensor hidden, Tensor visible) {
        Tensor sum = hidden.mul(visible.unsqueeze(2)).sum(1);
        return sum.div(sum.norm(2, true, 1));
    }

    private static Bert miniLm(Path jar) throws IOException {
        Bert network = new Bert(Bert.Config.miniLm(), new Rng(0));
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            ZipEntry entry = zip.stream()
                    .filter(one -> one.getName().endsWith(".onnx"))
                    .findFirst()
                    .orElseThrow();
            try (InputStream in = zip.getInputStream(entry)) {
                Map<String, Tensor> state = new LinkedHashMap<>(
                        OnnxModel.parse(in.readAllBytes(), jar.toString()).stateDict());
                state.keySet().retainAll(network.stateDict().keySet());
                network.loadStateDict(state);
            }
        }
        network.eval();
        return network;
    }

    private static Tensor longs(Json rows) throws IOException {
        List<Json> all = rows.asList();
        Tensor[] read = new Tensor[all.size()];
        for (int i = 0; i < read.length; i++) {
            List<Json> row = all.get(i).asList();
            long[] values = new long[row.size()];
            for (int j = 0; j < values.length; j++) {
                values[j] = row.get(j).asLong();
            }
            read[i] = Tensor.of(values);
        }
        return Tensor.stack(0, read);
    }

    private static float[] floats(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        float[] values = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }

    private static double distance(Tensor a, Tensor b) {
        assertThat(a.shape()).isEqualTo(b.shape());
        return a.sub(b).abs().amax().item();
    }
}
