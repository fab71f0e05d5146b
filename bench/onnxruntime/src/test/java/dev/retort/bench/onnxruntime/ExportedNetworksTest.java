package dev.retort.bench.onnxruntime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.distill.teacher.Teacher;
import dev.retort.distill.teacher.TeacherQuery;
import dev.retort.nn.Layer;
import dev.retort.nn.inference.OnnxExport;
import dev.retort.nn.models.CifarMobileNetV2;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.CifarVgg;
import dev.retort.nn.models.MobileNetV2;
import dev.retort.nn.models.PreActResNet;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.models.ShuffleNetV1;
import dev.retort.nn.models.ShuffleNetV2;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.nn.transformer.Bert;
import dev.retort.nn.transformer.BertClassifier;
import dev.retort.nn.transformer.Deit;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.Llama;
import dev.retort.nn.transformer.VisionTransformer;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// ONNX Runtime computes from an exported file what the network computes, for batches of several sizes.
class ExportedNetworksTest {
    private static final double TOLERANCE = 1e-4;
    private static final Rng RNG = new Rng(5);

    @TempDir
    private Path folder;

    static Stream<Arguments> images() {
        return Stream.of(
                Arguments.of("resnet20", new CifarResNet(CifarResNet.Config.of(20, 10), RNG), 32),
                Arguments.of(
                        "resnet8, projection, squeeze-excite",
                        new CifarResNet(
                                CifarResNet.Config.of(8, 10)
                                        .withShortcut(CifarResNet.Shortcut.PROJECTION)
                                        .withSqueezeExcite(4),
                                RNG),
                        32),
                Arguments.of("resnet8, LAuReL", laurel("laurel-rw+lr:rank=4"), 32),
                Arguments.of("resnet8, hyper-connections", laurel("hyper:lanes=2"), 32),
                Arguments.of("resnet18", new ResNet(ResNet.Config.of(18, 10), RNG), 64),
                Arguments.of("resnet50", new ResNet(ResNet.Config.of(50, 10), RNG), 64),
                Arguments.of("preactresnet18", new PreActResNet(ResNet.Config.of(18, 10), RNG), 64),
                Arguments.of("mobilenetv2", new MobileNetV2(MobileNetV2.Config.of(1, 10), RNG), 64),
                Arguments.of("mobilenetv2-half", new CifarMobileNetV2(CifarMobileNetV2.Config.half(10), RNG), 32),
                Arguments.of("vgg8", new CifarVgg(CifarVgg.Config.of(8, 10), RNG), 32),
                Arguments.of("shufflenetv1", new ShuffleNetV1(ShuffleNetV1.Config.of(10), RNG), 32),
                Arguments.of("shufflenetv2", new ShuffleNetV2(ShuffleNetV2.Config.of(1, 10), RNG), 64),
                Arguments.of("vit", new VisionTransformer(VisionTransformer.Config.of(32, 8, 24, 2, 3, 10), RNG), 32),
                Arguments.of("deit", new Deit(Deit.Config.of(32, 8, 24, 2, 3, 10), RNG), 32));
    }

    private static Layer laurel(String residual) {
        return new CifarResNet(CifarResNet.Config.of(8, 10).withResidual(ResidualSpec.parse(residual)), RNG);
    }

    static Stream<Arguments> texts() {
        Bert.Config bert = Bert.Config.of(50, 16, 24, 2, 3, 48);
        return Stream.of(
                Arguments.of("bert", new Bert(bert, RNG)),
                Arguments.of("bert, pre-norm", new Bert(bert.withNorm(Bert.Norm.PRE), RNG)),
                Arguments.of("bert classifier", new BertClassifier(bert, 5, RNG)),
                Arguments.of("gpt2", new Gpt2(Gpt2.Config.of(50, 16, 24, 2, 3), RNG)),
                Arguments.of(
                        "gpt2, LAuReL",
                        new Gpt2(
                                Gpt2.Config.of(50, 16, 24, 2, 3)
                                        .withResidual(ResidualSpec.parse("laurel-rw+lr:rank=4")),
                                RNG)),
                Arguments.of("llama, grouped queries", new Llama(Llama.Config.of(50, 16, 24, 2, 4, 2, 40), RNG)));
    }

    /// Weights that make a difference: no zero head, no zero bias, and statistics of real batches.
    private static void stir(Layer network, Tensor x) {
        try (var _ = Autograd.noGrad()) {
            network.parameters().forEach(p -> {
                Tensor noise = Random.normal(RNG, p.tensor().shape().dims()).mul(0.02);
                p.tensor().copyFrom(p.tensor().add(noise));
            });
            network.train();
            for (int i = 0; i < 3; i++) {
                var _ = network.call(x);
            }
            network.eval();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("images")
    void networksForImages(String name, Layer network, int size) throws IOException {
        Tensor x = Random.normal(RNG, 4, 3, size, size);
        stir(network, x);
        check(name, network, x.narrow(0, 0, 1), x);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("texts")
    void networksForTexts(String name, Layer network) throws IOException {
        // The padding of BERT is 0: one row has some, and one has nothing else.
        Tensor ids = Tensor.of(new long[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 3, 6);
        stir(network, ids);
        check(name, network, ids.narrow(0, 0, 2), ids);
    }

    private void check(String name, Layer network, Tensor example, Tensor x) throws IOException {
        Path file = folder.resolve("network.onnx");
        OnnxExport.Written written = OnnxExport.write(network, example, file);
        assertThat(written.anyBatch()).as(name + ": any batch").isTrue();
        assertThat(written.bytes()).isEqualTo(Files.size(file));
        try (OnnxRuntimeSession session = new OnnxRuntimeSession(file, 1);
                var _ = Autograd.noGrad()) {
            for (int batch = 1; batch <= x.size(0); batch++) {
                Tensor some = x.narrow(0, 0, batch);
                same(name + ", batch " + batch, session.apply(some), network.call(some));
            }
        }
    }

    private static void same(String name, Tensor theirs, Tensor ours) {
        assertThat(theirs.shape()).as(name).isEqualTo(ours.shape());
        float[] expected = ours.toFloats();
        float[] got = theirs.toFloats();
        float largest = 0;
        double worst = 0;
        for (int i = 0; i < got.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs((double) got[i] - expected[i]));
            assertThat(Double.isFinite(got[i])).as(name + ": element " + i).isTrue();
        }
        assertThat(largest).as(name + ": largest output").isGreaterThan(1e-3f);
        assertThat(worst / Math.max(1, largest)).as(name).isCloseTo(0, within(TOLERANCE));
    }

    @Test
    void sessionIsATeacher() throws IOException {
        CifarResNet network = new CifarResNet(CifarResNet.Config.of(8, 10), RNG);
        Tensor x = Random.normal(RNG, 4, 3, 32, 32);
        stir(network, x);
        Path file = folder.resolve("teacher.onnx");
        var _ = OnnxExport.write(network, x, file);
        Path other = folder.resolve("other.onnx");
        stir(network, x);
        var _ = OnnxExport.write(network, x, other);
        try (OnnxRuntimeSession session = new OnnxRuntimeSession(other, 1);
                OnnxRuntimeSession first = new OnnxRuntimeSession(file, 1);
                OnnxRuntimeSession again = new OnnxRuntimeSession(file, 1);
                var _ = Autograd.noGrad()) {
            Teacher teacher = session.asTeacher();
            same(
                    "teacher",
                    teacher.logits(TeacherQuery.logits("random", new int[] {0, 1, 2, 3}, () -> x)),
                    network.call(x));
            assertThat(first.asTeacher().fingerprint())
                    .isEqualTo(again.asTeacher().fingerprint())
                    .isNotEqualTo(teacher.fingerprint());
            assertThatThrownBy(() -> session.apply(Tensor.zeros(1, 3, 32)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("onnx_runtime: F32[1, 3, 32]");
        }
    }

    @Test
    void fileThatIsNoModelIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("broken.onnx"), "no model");
        assertThatThrownBy(() -> new OnnxRuntimeSession(file, 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("broken.onnx");
    }
}
