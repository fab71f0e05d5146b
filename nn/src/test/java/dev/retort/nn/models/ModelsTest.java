package dev.retort.nn.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Layer;
import dev.retort.nn.ModuleHook;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.residual.SingleLane;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ModelsTest {
    private final Rng rng = new Rng(1);

    private static CifarResNet.Config tiny(CifarResNet.Shortcut shortcut) {
        return CifarResNet.Config.of(8, 10).withWidths(4, 4, 6, 8).withShortcut(shortcut);
    }

    /// x + g·f(x) with a trained gate that looks at the history.
    private static final class Gated extends SingleLane {
        private final dev.retort.nn.Parameter gate = parameter("gate", Tensor.ones(1));
        private static final List<Integer> LENGTHS = new ArrayList<>();

        @Override
        protected Tensor join(Tensor output, Tensor stream, List<Tensor> history) {
            LENGTHS.add(history.size());
            return stream.add(output.mul(gate.value()));
        }

        @Override
        public int reach() {
            return 3;
        }
    }

    @TestFactory
    Stream<DynamicTest> oneStepChangesEveryParameter() {
        Map<String, Layer> models = new LinkedHashMap<>();
        models.put("resnet, padded", new CifarResNet(tiny(CifarResNet.Shortcut.PADDED), rng));
        models.put("resnet, projection", new CifarResNet(tiny(CifarResNet.Shortcut.PROJECTION), rng));
        models.put(
                "resnet, gated",
                new CifarResNet(tiny(CifarResNet.Shortcut.PADDED).withResidual((place, r) -> new Gated()), rng));
        models.put("cnn", new SmallCnn(SmallCnn.Config.of(3, 10, 4, 6), rng));
        models.put("mlp", new Mlp(Mlp.Config.of(3 * 8 * 8, 10, 16, 8).withDropout(0.1), rng));
        return models.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> step(entry.getValue())));
    }

    private void step(Layer model) {
        Map<String, Tensor> before = new LinkedHashMap<>();
        model.namedParameters()
                .forEach((name, p) -> before.put(name, p.tensor().detach().copy()));
        Tensor x = Random.normal(rng, 16, 3, 8, 8);
        Tensor y = Tensor.of(rng.permutation(16)).remainder(Tensor.of(new int[] {10}));
        Losses.crossEntropy(model.call(x), y).mean().backward();
        new SGD(model.namedParameters(), SGD.Config.of(0.5)).step();
        before.forEach((name, old) -> {
            Tensor now = model.namedParameters().get(name).tensor();
            assertThat(now.toFloats()).as(name).isNotEqualTo(old.toFloats());
            assertThat(now.isFinite().all().item()).as(name).isEqualTo(1);
        });
    }

    @Test
    void resNetsHaveThePapersSizes() {
        assertThat(count(20)).isEqualTo(269_722);
        assertThat(count(56)).isEqualTo(853_018);
        assertThat(count(32)).isEqualTo(464_154);
        assertThat(count(44)).isEqualTo(658_586);
        assertThat(count(110)).isEqualTo(1_727_962);
        assertThatThrownBy(() -> CifarResNet.Config.of(21, 10))
                .isInstanceOf(OpException.class)
                .hasMessage("resnet: expects depth 6n + 2 for 3 stages, got 21");
    }

    private long count(int depth) {
        return new CifarResNet(CifarResNet.Config.of(depth, 10), rng).parameterCount();
    }

    @Test
    void resNetNamesAreThoseOfPublicWeights() {
        CifarResNet model = new CifarResNet(CifarResNet.Config.of(20, 10), rng);
        assertThat(model.stateDict().keySet())
                .contains(
                        "conv1.weight",
                        "bn1.running_var",
                        "layer1.0.conv1.weight",
                        "layer3.2.bn2.bias",
                        "linear.weight",
                        "linear.bias")
                .noneMatch(name -> name.contains("shortcut") || name.contains("residual"));
        assertThat(model.stateDict().get("layer2.0.conv1.weight").shape().dims())
                .containsExactly(32, 16, 3, 3);
        CifarResNet projected =
                new CifarResNet(CifarResNet.Config.of(20, 10).withShortcut(CifarResNet.Shortcut.PROJECTION), rng);
        assertThat(projected.stateDict().keySet())
                .contains("layer2.0.shortcut.0.weight", "layer3.0.shortcut.1.running_mean")
                .doesNotContain("layer1.0.shortcut.0.weight");
    }

    @Test
    void featuresCanBeTappedBeforeAndAfterTheActivation() {
        CifarResNet model = new CifarResNet(tiny(CifarResNet.Shortcut.PADDED), rng);
        Tensor[] seen = new Tensor[3];
        try (ModuleHook _ = model.module("layer2.0.relu2").hook((m, in, out) -> seen[0] = in[0]);
                ModuleHook _ = model.module("layer2").hook((m, in, out) -> seen[1] = out[0]);
                ModuleHook _ = model.module("linear").hook((m, in, out) -> seen[2] = in[0])) {
            model.call(Random.normal(rng, 2, 3, 8, 8));
        }
        assertThat(seen[0].amin().item()).isNegative();
        assertThat(seen[0].relu().toFloats()).isEqualTo(seen[1].toFloats());
        assertThat(seen[1].shape().dims()).containsExactly(2, 6, 4, 4);
        assertThat(seen[2].shape().dims()).containsExactly(2, 8);
    }

    @Test
    void paddedShortcutByHand() {
        Tensor x = Tensor.arange(1, 17, 1, dev.retort.tensor.DType.F32).reshape(1, 1, 4, 4);
        Tensor y = new PaddedShortcut(3, 2).call(x);
        assertThat(y.shape().dims()).containsExactly(1, 3, 2, 2);
        assertThat(y.toFloats()).containsExactly(0, 0, 0, 0, 1, 3, 9, 11, 0, 0, 0, 0);
    }

    @Test
    void residualsSeeTheHistoryOfTheStreamIfTheyAsk() {
        Gated.LENGTHS.clear();
        CifarResNet model =
                new CifarResNet(tiny(CifarResNet.Shortcut.PADDED).withResidual((place, r) -> new Gated()), rng);
        model.call(Tensor.zeros(2, 3, 8, 8));
        assertThat(Gated.LENGTHS).as("the history starts anew at a projection").containsExactly(1, 1, 1);
        assertThat(model.stateDict()).containsKey("layer1.0.residual.gate");
    }

    @Test
    void shapeErrorsNameTheModule() {
        CifarResNet model = new CifarResNet(CifarResNet.Config.of(20, 10), rng);
        assertThatThrownBy(() -> model.call(Tensor.zeros(2, 1, 32, 32)))
                .hasMessageStartingWith("conv1: conv2d: weight expects 3 input channels (groups = 1), input has 1");
        Layer block = (Layer) model.module("layer2.0.conv2");
        assertThatThrownBy(() -> block.call(Tensor.zeros(2, 16, 8, 8)))
                .hasMessageStartingWith("layer2.0.conv2: conv2d: weight expects 32 input channels");
    }

    @Test
    void theSeedDecidesTheWeights() {
        float[] a = new SmallCnn(SmallCnn.Config.of(1, 10, 8), new Rng(3))
                .stateDict()
                .get("linear.weight")
                .toFloats();
        float[] b = new SmallCnn(SmallCnn.Config.of(1, 10, 8), new Rng(3))
                .stateDict()
                .get("linear.weight")
                .toFloats();
        float[] c = new SmallCnn(SmallCnn.Config.of(1, 10, 8), new Rng(4))
                .stateDict()
                .get("linear.weight")
                .toFloats();
        assertThat(a).isEqualTo(b).isNotEqualTo(c);
    }
}
