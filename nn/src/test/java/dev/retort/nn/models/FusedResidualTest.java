package dev.retort.nn.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.ModuleHook;
import dev.retort.nn.Parameter;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A connection that nobody watches gives its scale and its sum to the last norm of the block; one with a
/// hook runs them one by one. Both are the same network.
class FusedResidualTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "laurel-rw",
                "laurel-rw:weights=channel",
                "laurel-rw:normaliser=sigmoid",
                "laurel-lr:rank=2",
                "laurel-pa:gamma=0.5",
                "laurel-rw+lr+pa:rank=2,gamma=0.5",
                "rezero",
                "skipinit:start=0.3",
                "layerscale:start=0.3",
                "highway"
            })
    void hooksDoNotChangeNumbers(String text) {
        ResidualSpec spec = ResidualSpec.parse(text);
        assertSame(new CifarResNet(
                CifarResNet.Config.of(8, 3).withWidths(4, 4, 6, 8).withResidual(spec), new Rng(3)));
        assertSame(new ResNet(ResNet.Config.of(50, 3).withWidth(8).withResidual(spec), new Rng(3)));
    }

    private static void assertSame(Layer net) {
        net.to(DType.F64);
        net.train();
        List<double[]> fused = outputAndGradients(net);
        List<ModuleHook> hooks = new ArrayList<>();
        List<Module> seen = new ArrayList<>();
        for (Module module : net.modules().values()) {
            if (module instanceof Residual) {
                hooks.add(module.hook((m, _, _) -> seen.add(m)));
            }
        }
        List<double[]> watched = outputAndGradients(net);
        hooks.forEach(ModuleHook::close);
        assertThat(seen).hasSameSizeAs(hooks).isNotEmpty();
        for (int i = 0; i < fused.size(); i++) {
            assertNear("result " + i, fused.get(i), watched.get(i));
        }
    }

    /// AssertJ's comparison of arrays within a tolerance takes time by the square of their length.
    private static void assertNear(String what, double[] actual, double[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            if (!(Math.abs(actual[i] - expected[i]) <= 1e-9)) {
                fail("%s, element %d: expected %s, got %s", what, i, expected[i], actual[i]);
            }
        }
    }

    private static List<double[]> outputAndGradients(Layer net) {
        Rng rng = new Rng(4);
        Tensor x = Random.normal(rng, 0, 1, DType.F64, 3, 3, 32, 32).requiresGrad(true);
        net.zeroGrad();
        Tensor y = net.call(x);
        y.mul(Random.normal(rng, 0, 1, DType.F64, 3, 3)).sum().backward();
        List<double[]> all = new ArrayList<>(List.of(y.toDoubles(), x.grad().toDoubles()));
        for (Parameter parameter : net.parameters()) {
            Tensor gradient = parameter.grad();
            assertThat(gradient).isNotNull();
            all.add(gradient.toDoubles());
        }
        return all;
    }
}
