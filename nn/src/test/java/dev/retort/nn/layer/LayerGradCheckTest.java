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
                        new SwiGLU())
                .forEach(layer -> cases.put(layer.getClass().getSimpleName(), Case.of(layer, normal(3, 4))));
        return cases;
    }

    private Map<String, Case> sequences() {
        Map<String, Case> cases = new LinkedHashMap<>();
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
