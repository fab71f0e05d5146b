package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.models.CifarMobileNetV2;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.CifarVgg;
import dev.retort.nn.models.MobileNetV2;
import dev.retort.nn.models.PreActResNet;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.models.ResNet.Block;
import dev.retort.nn.models.ShuffleNetV1;
import dev.retort.nn.models.ShuffleNetV2;
import dev.retort.nn.models.Vgg;
import dev.retort.nn.models.WideResNet;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Tiny networks of each family of pictures give PyTorch's outputs, gradients and running statistics, and
/// have the names of its state dicts. The weights follow from their place; see make_models.py.
class GoldenModelsTest {
    private static final Safetensors FILE = Golden.open("models.safetensors");
    private static final double TOLERANCE = 1e-9;
    private static final int CLASSES = 5;
    private static final int BATCH = 4;

    /// A network and the extents of its pictures.
    private record Case(String name, Layer model, int size) {}

    private static ResNet resNet(Block block, int width, Integer... blocks) {
        return new ResNet(ResNet.Config.of(block, CLASSES, blocks).withWidth(width), new Rng(1));
    }

    private static Stream<Case> resNets() {
        Rng rng = new Rng(1);
        ResNet.Config grouped = ResNet.Config.of(Block.BOTTLENECK, CLASSES, 1, 1, 1, 1);
        ResNet.Config basic = ResNet.Config.of(Block.BASIC, CLASSES, 1, 1, 1, 1);
        return Stream.of(
                new Case("resnet-basic", resNet(Block.BASIC, 4, 2, 1, 1, 1), 32),
                new Case("resnet-bottleneck", resNet(Block.BOTTLENECK, 4, 1, 2, 1, 1), 32),
                new Case("resnet-bottleneck-v1", resNet(Block.BOTTLENECK_V1, 4, 1, 1, 1, 1), 32),
                new Case("resnext", new ResNet(grouped.withWidth(16).withGroups(4, 16), rng), 32),
                new Case("se-resnet", new ResNet(basic.withWidth(8).withSqueezeExcite(4), rng), 32),
                new Case(
                        "preact-basic",
                        new PreActResNet(
                                ResNet.Config.of(Block.BASIC, CLASSES, 2, 1, 1, 1)
                                        .withWidth(4),
                                rng),
                        32),
                new Case("preact-bottleneck", new PreActResNet(grouped.withWidth(4), rng), 32),
                new Case("wide-resnet", new WideResNet(WideResNet.Config.of(10, 1, CLASSES), rng), 16),
                new Case(
                        "resnet-8x4",
                        new CifarResNet(CifarResNet.Config.wide(8, CLASSES).withWidths(4, 8, 16, 32), rng),
                        16));
    }

    private static Stream<Case> others() {
        Rng rng = new Rng(1);
        Vgg.Config vgg = new Vgg.Config(List.of(1, 2), List.of(4, 8), 3, CLASSES, 16, false, 0);
        MobileNetV2.Config mobile = MobileNetV2.Config.of(0.25, CLASSES)
                .withGroups(
                        new MobileNetV2.Group(1, 16, 1, 1),
                        new MobileNetV2.Group(6, 24, 2, 2),
                        new MobileNetV2.Group(6, 24, 1, 1));
        return Stream.of(
                new Case(
                        "cifar-vgg",
                        new CifarVgg(
                                new CifarVgg.Config(List.of(2, 1, 1, 1, 1), List.of(4, 8, 8, 8, 8), 3, CLASSES), rng),
                        16),
                new Case("vgg", new Vgg(vgg, rng), 28),
                new Case("vgg-norm", new Vgg(vgg.withNorm(), rng), 28),
                new Case("mobilenet-v2", new MobileNetV2(mobile.withDropout(0), rng), 32),
                new Case(
                        "cifar-mobilenet-v2",
                        new CifarMobileNetV2(
                                new CifarMobileNetV2.Config(2, 0.125, 3, CLASSES, ResidualFactory.PLAIN), rng),
                        32),
                new Case(
                        "shufflenet-v2",
                        new ShuffleNetV2(
                                ShuffleNetV2.Config.of(1, CLASSES)
                                        .withSizes(8, List.of(8, 16, 32), List.of(2, 1, 1), 16),
                                rng),
                        64),
                new Case(
                        "shufflenet-v1",
                        new ShuffleNetV1(
                                ShuffleNetV1.Config.of(CLASSES).withSizes(List.of(48, 96, 144), List.of(2, 1, 1), 3),
                                rng),
                        16));
    }

    @TestFactory
    Stream<DynamicTest> networksAgreeWithPyTorch() {
        return Stream.concat(resNets(), others()).map(one -> DynamicTest.dynamicTest(one.name, () -> check(one)));
    }

    private static void check(Case one) {
        Layer model = one.model;
        model.to(DType.F64);
        fill(model, one.name);
        Tensor x = waves(5, BATCH, 3, one.size, one.size).requiresGrad(true);
        Tensor out = model.call(x);
        Golden.assertClose("output", out, Golden.get(FILE, one.name + "/train"), TOLERANCE);
        out.mul(waves(9, BATCH, CLASSES)).sum().backward();
        List<Tensor> gradients = new ArrayList<>(List.of(x.grad()));
        new TreeMap<>(model.namedParameters()).values().forEach(p -> gradients.add(p.grad()));
        rows("gradient", gradients, Golden.get(FILE, one.name + "/grad"));
        List<Tensor> after = new ArrayList<>();
        new TreeMap<>(model.namedBuffers()).forEach((name, buffer) -> {
            if (buffer.tensor().dtype().isFloating()) {
                after.add(buffer.tensor());
            }
        });
        if (!after.isEmpty()) {
            rows("running statistics", after, Golden.get(FILE, one.name + "/after"));
        }
        model.eval();
        Golden.assertClose("evaluated", model.call(x), Golden.get(FILE, one.name + "/eval"), TOLERANCE);
    }

    /// The state that make_models.py gives the network; also compares the names.
    private static void fill(Layer model, String name) {
        Map<String, Tensor> state = model.stateDict();
        TreeSet<String> names = new TreeSet<>(state.keySet());
        List<String> floating =
                names.stream().filter(n -> !n.endsWith("num_batches_tracked")).toList();
        assertThat(String.join(" ", floating)).isEqualTo(FILE.metadata().get(name));
        int k = 0;
        for (String entry : names) {
            Tensor value = state.get(entry);
            if (value.dtype().isFloating()) {
                value.copyFrom(value(entry, value, waves(k, value.shape().dims())));
            }
            k++;
        }
    }

    private static Tensor value(String name, Tensor old, Tensor w) {
        if (name.endsWith("running_var")) {
            return w.square().mul(0.5).add(1);
        }
        if (old.rank() > 1) {
            return w.mul(Math.sqrt(3.0 / ((double) old.numel() / old.size(0))));
        }
        return name.endsWith("weight") ? w.mul(0.3).add(1) : w.mul(0.2);
    }

    private static Tensor waves(int k, int... shape) {
        int n = 1;
        for (int extent : shape) {
            n *= extent;
        }
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = Math.sin(0.37 * ((long) i * i % 1009) + k);
        }
        return Tensor.of(values, shape);
    }

    /// Sums of squares and of sin(i + 1) times element i, against rows of the file.
    private static void rows(String what, List<Tensor> tensors, Tensor expected) {
        assertThat(expected.size(0)).as(what).isEqualTo(tensors.size());
        for (int r = 0; r < tensors.size(); r++) {
            double[] values = tensors.get(r).toDoubles();
            double squares = 0;
            double dot = 0;
            double size = 0;
            for (int i = 0; i < values.length; i++) {
                squares += values[i] * values[i];
                dot += values[i] * Math.sin(i + 1);
                size += Math.abs(values[i]);
            }
            assertThat(Math.abs(squares - expected.get(r, 0)) / Math.max(1, squares))
                    .as(what + " " + r + ", squares")
                    .isLessThan(TOLERANCE);
            assertThat(Math.abs(dot - expected.get(r, 1)) / Math.max(1, size))
                    .as(what + " " + r + ", projection")
                    .isLessThan(TOLERANCE);
        }
    }
}
