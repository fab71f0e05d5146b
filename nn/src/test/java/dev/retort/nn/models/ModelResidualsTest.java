package dev.retort.nn.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.ModuleHook;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.ResNet.Block;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.Llama;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Every kind of residual connection in every network that has a stream: within a few steps every
/// parameter has had a gradient, and nothing becomes infinite.
class ModelResidualsTest {
    private static final int CLASSES = 4;
    private static final int STEPS = 3;

    private static final List<String> SPECS = List.of(
            "plain",
            "laurel-rw",
            "laurel-lr:rank=2",
            "laurel-pa",
            "laurel-rw+lr:rank=2,at=identity",
            "laurel-lr+pa:rank=2,pairs=shared,per=sublayer",
            "laurel-rw+lr+pa:rank=2",
            "gemma3n:rank=2",
            "rezero",
            "skipinit",
            "layerscale:start=0.1",
            "highway",
            "denseformer",
            "hyper-static:lanes=2",
            "hyper:lanes=2",
            "mhc:lanes=2",
            "value:mix=trained");

    private static final Rng RNG = new Rng(3);

    private static Map<String, BiFunction<ResidualSpec, Rng, Layer>> pictures() {
        Map<String, BiFunction<ResidualSpec, Rng, Layer>> all = new LinkedHashMap<>();
        ResNet.Config basic =
                ResNet.Config.of(Block.BASIC, CLASSES, 2, 1, 1, 1).withWidth(4).withStem(ResNet.Stem.SMALL);
        ResNet.Config deep = ResNet.Config.of(Block.BOTTLENECK, CLASSES, 2, 1, 1, 1)
                .withWidth(4)
                .withStem(ResNet.Stem.SMALL);
        CifarResNet.Config cifar = CifarResNet.Config.of(14, CLASSES).withWidths(4, 4, 6, 8);
        MobileNetV2.Config mobile = MobileNetV2.Config.of(0.25, CLASSES)
                .withGroups(new MobileNetV2.Group(1, 16, 2, 1), new MobileNetV2.Group(2, 24, 3, 2));
        all.put("cifar", (spec, rng) -> new CifarResNet(cifar.withResidual(spec), rng));
        all.put("resnet", (spec, rng) -> new ResNet(basic.withResidual(spec), rng));
        all.put("bottleneck", (spec, rng) -> new ResNet(deep.withResidual(spec).withSqueezeExcite(2), rng));
        all.put("preact", (spec, rng) -> new PreActResNet(basic.withResidual(spec), rng));
        all.put(
                "wide",
                (spec, rng) ->
                        new WideResNet(WideResNet.Config.of(16, 1, CLASSES).withResidual(spec), rng));
        all.put("mobile", (spec, rng) -> new MobileNetV2(mobile.withDropout(0).withResidual(spec), rng));
        all.put(
                "shuffle",
                (spec, rng) -> new ShuffleNetV1(
                        ShuffleNetV1.Config.of(CLASSES)
                                .withSizes(List.of(36, 48, 60), List.of(3, 2, 2), 3)
                                .withResidual(spec),
                        rng));
        return all;
    }

    private static Map<String, BiFunction<ResidualSpec, Rng, Layer>> decoders() {
        Map<String, BiFunction<ResidualSpec, Rng, Layer>> all = new LinkedHashMap<>();
        Llama.Config llama = Llama.Config.of(11, 8, 8, 3, 2, 1, 12);
        Gpt2.Config gpt = Gpt2.Config.of(11, 8, 8, 3, 2);
        all.put("llama", (spec, rng) -> new Llama(llama.withResidual(spec), rng));
        all.put("gpt2", (spec, rng) -> new Gpt2(gpt.withResidual(spec), rng));
        return all;
    }

    @TestFactory
    Stream<DynamicTest> trainingReachesEveryParameter() {
        Tensor images = Random.normal(RNG, 4, 3, 8, 8);
        Tensor classes = Tensor.of(new long[] {0, 1, 2, 3});
        Tensor ids = Tensor.of(new long[] {0, 3, 5, 2, 10, 1, 7, 4, 4, 9, 6, 8}, 2, 6);
        Tensor next = Tensor.of(new long[] {3, 5, 2, 10, 1, 0, 4, 4, 9, 6, 8, 2});
        Stream<DynamicTest> ofPictures = pictures().entrySet().stream()
                .flatMap(model -> SPECS.stream()
                        .filter(spec -> !spec.startsWith("value"))
                        .map(spec -> DynamicTest.dynamicTest(
                                model.getKey() + " " + spec,
                                () -> train(
                                        model.getValue().apply(ResidualSpec.parse(spec), new Rng(5)),
                                        images,
                                        classes))));
        Stream<DynamicTest> ofText = decoders().entrySet().stream()
                .flatMap(model -> SPECS.stream()
                        .map(spec -> DynamicTest.dynamicTest(
                                model.getKey() + " " + spec,
                                () -> train(model.getValue().apply(ResidualSpec.parse(spec), new Rng(5)), ids, next))));
        return Stream.concat(ofPictures, ofText);
    }

    private static void train(Layer model, Tensor inputs, Tensor targets) {
        Set<String> reached = new HashSet<>();
        SGD optimizer = new SGD(model.namedParameters(), SGD.Config.of(0.05));
        for (int step = 0; step < STEPS; step++) {
            optimizer.zeroGrad();
            Tensor logits = model.call(inputs);
            Tensor rows = logits.rank() == 3 ? logits.flatten(0, 1) : logits;
            Losses.crossEntropy(rows, targets).mean().backward();
            model.namedParameters().forEach((name, p) -> {
                if (p.grad() != null && p.grad().abs().sum().item() > 0) {
                    reached.add(name);
                }
            });
            optimizer.step();
        }
        model.namedParameters()
                .forEach((name, p) ->
                        assertThat(p.tensor().isFinite().all().item()).as(name).isEqualTo(1));
        assertThat(reached)
                .containsExactlyInAnyOrderElementsOf(model.namedParameters().keySet());
    }

    @Test
    void tapsSeeTheStreamOfEveryKind() {
        for (String spec : SPECS) {
            Layer model = pictures().get("cifar").apply(ResidualSpec.parse(spec), new Rng(1));
            List<String> shapes = new ArrayList<>();
            List<ModuleHook> hooks = List.of(
                    model.module("layer2.0").hook((m, in, out) -> shapes.add(in[0].shape() + " " + out[0].shape())),
                    model.module("layer2").hook((m, in, out) -> shapes.add(in[0].shape() + " " + out[0].shape())));
            model.call(Tensor.zeros(2, 3, 8, 8));
            hooks.forEach(ModuleHook::close);
            assertThat(shapes)
                    .as(spec)
                    .containsOnly("[2, 4, 8, 8] [2, 6, 4, 4]")
                    .hasSize(2);
        }
    }
}
