package dev.retort.nn.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.Sample;
import dev.retort.nn.data.Transform;
import dev.retort.nn.train.Evaluation;
import dev.retort.nn.train.TopK;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Public CIFAR-10 weights give the logits and accuracies that are known for them. Needs the files, so it
/// runs only with `-Ddev.retort.data=FOLDER` (folders `resnet-cifar` and `cifar10` inside).
@EnabledIfSystemProperty(
        named = "dev.retort.data",
        matches = ".+",
        disabledReason = "SKIPPED: public weights need -Ddev.retort.data=FOLDER")
class PublicWeightsTest {
    private static final Transform NORMALIZE =
            new Normalize(new float[] {0.485f, 0.456f, 0.406f}, new float[] {0.229f, 0.224f, 0.225f});
    private static final int IMAGE = 3 * 32 * 32;

    private final Path folder = Path.of(System.getProperty("dev.retort.data"));

    private CifarResNet model(int depth, String file) throws IOException {
        CifarResNet model = new CifarResNet(CifarResNet.Config.of(depth, 10), new Rng(1));
        model.loadStateDict(Safetensors.read(folder.resolve("resnet-cifar").resolve(file)));
        model.eval();
        return model;
    }

    /// The first images of the test set, in the CIFAR binary layout, normalised.
    private Dataset images() throws IOException {
        byte[] file = Files.readAllBytes(folder.resolve("cifar10").resolve("test-subset.bin"));
        return new Dataset() {
            @Override
            public int size() {
                return file.length / (1 + IMAGE);
            }

            @Override
            public Sample get(int index) {
                int at = index * (1 + IMAGE);
                float[] pixels = new float[IMAGE];
                for (int i = 0; i < IMAGE; i++) {
                    pixels[i] = (file[at + 1 + i] & 0xFF) / 255f;
                }
                Sample sample = Sample.image(pixels, 3, 32, 32, file[at]);
                return sample.withInput(NORMALIZE.apply(sample.input(), new Rng(0)));
            }
        };
    }

    @Test
    void resNet20GivesTheReferenceLogits() throws IOException {
        FloatBuffer expected = ByteBuffer.wrap(
                        Files.readAllBytes(folder.resolve("resnet-cifar").resolve("resnet20-ref-logits-first64.f32le")))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        CifarResNet model = model(20, "resnet20-12fca82f.safetensors");
        Dataset images = images();
        Tensor[] inputs = new Tensor[64];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = images.get(i).input();
        }
        try (GradScope _ = Autograd.noGrad()) {
            float[] logits = model.call(Tensor.stack(0, inputs)).toFloats();
            for (int i = 0; i < logits.length; i++) {
                assertThat(logits[i]).as("logit " + i).isCloseTo(expected.get(i), Offset.offset(1e-4f));
            }
        }
    }

    @Test
    void accuraciesOnTheLosslessTestImages() throws IOException {
        assertThat(hits(model(20, "resnet20-12fca82f.safetensors"))).isEqualTo(932);
        assertThat(hits(model(56, "resnet56-4bfd9763.safetensors"))).isEqualTo(943);
    }

    private long hits(CifarResNet model) throws IOException {
        TopK accuracy = TopK.accuracy();
        Evaluation.each(model, images(), 64, (batch, logits) -> accuracy.add(logits, batch.targets()));
        assertThat(accuracy.count()).isEqualTo(1017);
        return accuracy.hits();
    }
}
