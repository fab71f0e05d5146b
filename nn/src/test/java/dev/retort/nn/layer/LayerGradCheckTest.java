package dev.retort.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.autograd.GradCheck;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.Parametrization;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every layer's gradients, in its input and in each parameter, against differences in float64.
class LayerGradCheckTest {
    private static final long SEED = 5;
    private final Rng rng = new Rng(SEED);

    /// A module with how to call it and an input.
    private record Case(Module module, Function<Tensor, Tensor> call, Tensor input) {
        static Case of(dev.retort.nn.Layer layer, Tensor input) {
            return new Case(layer, layer::call, input);
        }
    }

    private Tensor normal(int... shape) {
        return Random.normal(rng, 0, 1, DType.F64, shape);
    }

    private Map<String, Case> cases() {
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("Linear", Case.of(new Linear(3, 4, rng), normal(2, 5, 3)));
        cases.put("Conv1d", Case.of(new Conv1d(2, 3, 3, rng), normal(2, 2, 6)));
        cases.put(
                "Conv2d",
                Case.of(new Conv2d(Conv2d.Config.of(2, 4, 3).withPadding(1).withStride(2), rng), normal(2, 2, 5, 4)));
        cases.put(
                "ConvTranspose2d",
                Case.of(new ConvTranspose2d(Conv2d.Config.of(2, 3, 3).withStride(2), rng), normal(1, 2, 3, 3)));
        cases.put(
                "DepthwiseSeparableConv2d", Case.of(new DepthwiseSeparableConv2d(3, 4, 3, 1, rng), normal(1, 3, 4, 4)));
        Embedding embedding = new Embedding(5, 3, rng);
        Tensor indices = Tensor.of(new long[] {4, 0, 4}, 3);
        cases.put(
                "Embedding",
                new Case(embedding, unused -> embedding.call(indices).mul(unused), normal(3, 3)));
        cases.put("BatchNorm", Case.of(new BatchNorm(3), normal(4, 3, 2, 2)));
        cases.put("LayerNorm", Case.of(new LayerNorm(5), normal(3, 5)));
        cases.put("RmsNorm", Case.of(new RmsNorm(5), normal(3, 5)));
        cases.put("GroupNorm", Case.of(new GroupNorm(2, 4), normal(2, 4, 3)));
        cases.put("InstanceNorm", Case.of(new InstanceNorm(3, 1e-5, true), normal(2, 3, 4)));
        cases.put("Dropout", Case.of(new Dropout(0.4, rng), normal(4, 5)));
        cases.put("DropPath", Case.of(new DropPath(0.4, rng), normal(6, 2, 2)));
        cases.put("MaxPool2d", Case.of(new MaxPool2d(2), normal(1, 2, 4, 4)));
        cases.put("AvgPool2d", Case.of(new AvgPool2d(2), normal(1, 2, 4, 4)));
        cases.put("AdaptiveAvgPool2d", Case.of(new AdaptiveAvgPool2d(2, 3), normal(1, 2, 5, 4)));
        cases.put("Flatten", Case.of(new Flatten(), normal(2, 3, 2)));
        cases.put("Identity", Case.of(new Identity(), normal(2, 3)));
        cases.put("Sequential", Case.of(new Sequential(new Linear(3, 2, rng), new Tanh()), normal(2, 3)));
        cases.put("PReLU", Case.of(new PReLU(3), normal(2, 3, 4)));
        cases.put("PixelShuffle", Case.of(new PixelShuffle(2), normal(1, 8, 2, 3)));
        cases.put("Upsample", Case.of(new Upsample(2, ResampleOp.Mode.BILINEAR), normal(1, 2, 3, 2)));
        cases.put("Softmax", Case.of(new Softmax(1), normal(2, 3)));
        cases.putAll(activations());
        cases.putAll(volumes());
        cases.putAll(pools());
        cases.putAll(rearrangements());
        cases.putAll(pairs());
        cases.putAll(stacks());
        cases.putAll(sequences());
        return cases;
    }

    private Map<String, Case> activations() {
        Map<String, Case> cases = new LinkedHashMap<>();
        Stream.of(
                        new ReLU(),
                        new ReLU6(),
                        new LeakyReLU(),
                        new ELU(),
                        new GELU(),
                        new SiLU(),
                        new Mish(),
                        new Hardswish(),
                        new Softplus(),
                        new Sigmoid(),
                        new Tanh(),
                        new SwiGLU(),
                        new CELU(0.7),
                        new SELU(),
                        new GLU(),
                        new Hardsigmoid(),
                        new Hardtanh(),
                        new Hardshrink(),
                        new Softshrink(),
                        new Tanhshrink(),
                        new Softsign(),
                        new Threshold(0.1, 3),
                        new LogSigmoid(),
                        new LogSoftmax(1),
                        new Softmin(1),
                        new RReLU(rng),
                        new AlphaDropout(0.4, rng))
                .forEach(layer -> cases.put(layer.getClass().getSimpleName(), Case.of(layer, normal(3, 4))));
        return cases;
    }

    private Map<String, Case> volumes() {
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put(
                "Conv3d",
                Case.of(
                        new Conv3d(
                                Conv3d.Config.of(2, 4, 2)
                                        .withStride(2)
                                        .withPadding(1)
                                        .withGroups(2),
                                rng),
                        normal(1, 2, 3, 4, 3)));
        cases.put(
                "ConvTranspose3d",
                Case.of(
                        new ConvTranspose3d(
                                Conv3d.Config.of(2, 4, 2).withStride(2).withGroups(2), 1, rng),
                        normal(1, 2, 2, 2, 2)));
        cases.put(
                "ConvTranspose1d",
                Case.of(
                        new ConvTranspose1d(
                                Conv1d.Config.of(2, 3, 3).withStride(2).withPadding(1), 1, rng),
                        normal(2, 2, 4)));
        cases.put("MaxPool3d", Case.of(new MaxPool3d(2), normal(1, 2, 4, 4, 2)));
        cases.put("AvgPool3d", Case.of(new AvgPool3d(2), normal(1, 2, 4, 4, 2)));
        cases.put("AdaptiveAvgPool3d", Case.of(new AdaptiveAvgPool3d(2, 1, 2), normal(1, 2, 3, 3, 3)));
        cases.put("AdaptiveMaxPool3d", Case.of(new AdaptiveMaxPool3d(2, 1, 2), normal(1, 2, 3, 3, 3)));
        Tensor places = Tensor.of(new long[] {5, 6}, 1, 1, 1, 1, 2);
        MaxUnpool3d unpool = new MaxUnpool3d(2);
        cases.put("MaxUnpool3d", new Case(unpool, x -> unpool.call(x, places), normal(1, 1, 1, 1, 2)));
        return cases;
    }

    private Map<String, Case> pools() {
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("MaxPool1d", Case.of(new MaxPool1d(3, 2, 1), normal(2, 2, 7)));
        cases.put("AvgPool1d", Case.of(new AvgPool1d(3, 2, 1), normal(2, 2, 7)));
        cases.put("LPPool1d", Case.of(new LPPool1d(2, 2), normal(2, 2, 6)));
        cases.put("LPPool2d", Case.of(new LPPool2d(2, 2), normal(1, 2, 4, 4)));
        cases.put("AdaptiveAvgPool1d", Case.of(new AdaptiveAvgPool1d(2), normal(1, 2, 5)));
        cases.put("AdaptiveMaxPool1d", Case.of(new AdaptiveMaxPool1d(2), normal(1, 2, 5)));
        cases.put("AdaptiveMaxPool2d", Case.of(new AdaptiveMaxPool2d(2, 3), normal(1, 2, 5, 4)));
        Tensor line = Tensor.of(new long[] {1, 2}, 1, 1, 2);
        MaxUnpool1d unpool1d = new MaxUnpool1d(2);
        cases.put("MaxUnpool1d", new Case(unpool1d, x -> unpool1d.call(x, line), normal(1, 1, 2)));
        Tensor plane = Tensor.of(new long[] {5, 2}, 1, 1, 1, 2);
        MaxUnpool2d unpool2d = new MaxUnpool2d(2);
        cases.put("MaxUnpool2d", new Case(unpool2d, x -> unpool2d.call(x, plane), normal(1, 1, 1, 2)));
        cases.put("LocalResponseNorm", Case.of(new LocalResponseNorm(3, 0.5, 0.75, 1), normal(2, 4, 3)));
        cases.put("Softmax2d", Case.of(new Softmax2d(), normal(1, 3, 2, 2)));
        cases.put("Dropout2d", Case.of(new Dropout2d(0.4, rng), normal(3, 4, 2)));
        return cases;
    }

    private Map<String, Case> rearrangements() {
        Map<String, Case> cases = new LinkedHashMap<>();
        cases.put("Unfold", Case.of(new Unfold(2), normal(1, 2, 3, 4)));
        cases.put("Fold", Case.of(new Fold(3, 4, 2), normal(1, 4, 6)));
        cases.put("PixelUnshuffle", Case.of(new PixelUnshuffle(2), normal(1, 2, 4, 2)));
        cases.put("Unflatten", Case.of(new Unflatten(1, 2, 3), normal(2, 6)));
        cases.put("ReflectionPad", Case.of(new ReflectionPad(1, 2, 1, 0), normal(1, 2, 3, 4)));
        cases.put("ReplicationPad", Case.of(new ReplicationPad(1, 2, 1, 0), normal(1, 2, 3, 4)));
        cases.put("CircularPad", Case.of(new CircularPad(1, 2, 1, 0), normal(1, 2, 3, 4)));
        cases.put("ZeroPad", Case.of(new ZeroPad(1, -1), normal(2, 4)));
        cases.put("ConstantPad", Case.of(new ConstantPad(2, 1, 1), normal(2, 4)));
        return cases;
    }

    private Map<String, Case> pairs() {
        Map<String, Case> cases = new LinkedHashMap<>();
        Tensor other = normal(3, 4);
        Bilinear bilinear = new Bilinear(4, 4, 2, rng);
        cases.put("Bilinear", new Case(bilinear, x -> bilinear.call(x, other), normal(3, 4)));
        CosineSimilarity cosine = new CosineSimilarity();
        cases.put("CosineSimilarity", new Case(cosine, x -> cosine.call(x, other), normal(3, 4)));
        PairwiseDistance distance = new PairwiseDistance();
        cases.put("PairwiseDistance", new Case(distance, x -> distance.call(x, other), normal(3, 4)));
        EmbeddingBag bag = new EmbeddingBag(5, 3, rng);
        Tensor indices = Tensor.of(new long[] {4, 0, 4, 2, 1}, 5);
        Tensor offsets = Tensor.of(new long[] {0, 2, 2}, 3);
        cases.put(
                "EmbeddingBag",
                new Case(bag, unused -> bag.call(indices, offsets).mul(unused), normal(3, 3)));
        RNNCell rnn = new RNNCell(4, 3, rng);
        cases.put("RNNCell", new Case(rnn, x -> rnn.call(x, rnn.call(x)), normal(3, 4)));
        GRUCell gru = new GRUCell(4, 3, rng);
        cases.put("GRUCell", new Case(gru, x -> gru.call(x, gru.call(x)), normal(3, 4)));
        LSTMCell lstm = new LSTMCell(4, 3, rng);
        cases.put(
                "LSTMCell",
                new Case(
                        lstm,
                        x -> {
                            LSTMCell.Result first = lstm.call(x);
                            LSTMCell.Result second = lstm.call(x, first.hidden(), first.cell());
                            return second.hidden().add(second.cell());
                        },
                        normal(3, 4)));
        return cases;
    }

    private Map<String, Case> stacks() {
        Map<String, Case> cases = new LinkedHashMap<>();
        TransformerConfig config =
                TransformerConfig.of(4, 2).withHidden(3).withDropout(0.2).withGelu();
        Tensor memory = normal(2, 1, 4);
        TransformerEncoderLayer encoderLayer = new TransformerEncoderLayer(config, rng);
        cases.put("TransformerEncoderLayer", new Case(encoderLayer, encoderLayer::call, normal(3, 1, 4)));
        TransformerDecoderLayer decoderLayer = new TransformerDecoderLayer(config.withNormFirst(), rng);
        cases.put(
                "TransformerDecoderLayer", new Case(decoderLayer, x -> decoderLayer.call(x, memory), normal(3, 1, 4)));
        TransformerEncoder encoder = new TransformerEncoder(config, 1, true, rng);
        cases.put("TransformerEncoder", new Case(encoder, encoder::call, normal(2, 1, 4)));
        TransformerDecoder decoder = new TransformerDecoder(config, 1, false, rng);
        cases.put("TransformerDecoder", new Case(decoder, x -> decoder.call(x, memory), normal(2, 1, 4)));
        Transformer both = new Transformer(config, 1, 1, rng);
        cases.put("Transformer", new Case(both, x -> both.call(x, memory), normal(2, 1, 4)));
        ModuleList<Linear> list = new ModuleList<>(new Linear(3, 2, rng));
        cases.put("ModuleList", new Case(list, x -> list.get(0).call(x), normal(2, 3)));
        ModuleDict<Linear> dict = new ModuleDict<>();
        dict.put("head", new Linear(3, 2, rng));
        cases.put("ModuleDict", new Case(dict, x -> dict.get("head").call(x), normal(2, 3)));
        return cases;
    }

    private Map<String, Case> sequences() {
        Map<String, Case> cases = new LinkedHashMap<>();
        RNN rnn = new RNN(
                Recurrent.Config.of(3, 4).withLayers(2).inBothDirections().withoutBias(), rng);
        cases.put("RNN", new Case(rnn, x -> rnn.call(x).output(), normal(2, 3, 3)));
        MultiheadAttention attention =
                new MultiheadAttention(MultiheadAttention.Config.of(4, 2).withDropout(0.2), rng);
        cases.put("MultiheadAttention", new Case(attention, x -> attention.call(x, null, true), normal(2, 3, 4)));
        LSTM lstm = new LSTM(
                Recurrent.Config.of(3, 4).withLayers(2).withDropout(0.3).inBothDirections(), rng);
        cases.put("LSTM", new Case(lstm, x -> lstm.call(x).output(), normal(2, 3, 3)));
        GRU gru = new GRU(Recurrent.Config.of(3, 4), rng);
        cases.put("GRU", new Case(gru, x -> gru.call(x).output(), normal(2, 3, 3)));
        return cases;
    }

    /// Puts a tensor of the check in the place of a parameter.
    private static final class Substitute implements Parametrization {
        private Tensor value;

        Substitute(Tensor value) {
            this.value = value;
        }

        @Override
        public Tensor value(Tensor original) {
            return value;
        }

        @Override
        public String name() {
            return "substitute";
        }
    }

    @TestFactory
    Stream<DynamicTest> gradientsAgreeWithDifferences() {
        return cases().entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> check(entry.getKey(), entry.getValue())));
    }

    private static void check(String name, Case one) {
        one.module.to(DType.F64);
        List<Substitute> substitutes = new ArrayList<>();
        List<Tensor> inputs = new ArrayList<>(List.of(one.input));
        for (Parameter parameter : one.module.parameters()) {
            Substitute substitute = new Substitute(parameter.tensor().detach());
            parameter.parametrize(substitute);
            substitutes.add(substitute);
            inputs.add(parameter.tensor().detach());
        }
        Map<String, Long> positions = new LinkedHashMap<>();
        one.module.namedGenerators().forEach((path, generator) -> positions.put(path, generator.position()));
        GradCheck.defaults()
                .withSamples(12)
                .firstOrder(
                        name,
                        in -> {
                            one.module
                                    .namedGenerators()
                                    .forEach((path, generator) -> generator.position(positions.get(path)));
                            for (int i = 0; i < substitutes.size(); i++) {
                                substitutes.get(i).value = in[1 + i];
                            }
                            return new Tensor[] {one.call.apply(in[0])};
                        },
                        inputs.toArray(Tensor[]::new))
                .verify();
    }

    @Test
    void everyLayerIsChecked() throws IOException, URISyntaxException {
        Path classes = Path.of(Linear.class.getResource("Linear.class").toURI()).getParent();
        Set<String> layers = new TreeSet<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString().replace(".class", "");
                if (!name.contains("$") && !name.equals("package-info") && isLayer(name)) {
                    layers.add(name);
                }
            }
        }
        assertThat(layers).hasSizeGreaterThan(30);
        assertThat(cases().keySet()).containsExactlyInAnyOrderElementsOf(layers);
    }

    private static boolean isLayer(String name) {
        try {
            Class<?> type = Class.forName("dev.retort.nn.layer." + name);
            return Module.class.isAssignableFrom(type) && !Modifier.isAbstract(type.getModifiers());
        } catch (ClassNotFoundException e) {
            throw new AssertionError(e);
        }
    }
}
