package dev.retort.nn.residual;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.autograd.GradCheck;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.Parametrization;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Gradients of every kind of connection, in the input (through every lag and lane) and in each
/// parameter, against differences in float64; three connections in a row, in both layouts.
class ResidualGradCheckTest {
    private static final int CHANNELS = 4;
    private final Rng rng = new Rng(7);

    private static final List<String> SPECS = List.of(
            "plain",
            "laurel-rw",
            "laurel-rw:normaliser=softmax",
            "laurel-rw:normaliser=sigmoid",
            "laurel-rw:normaliser=sigmoid-pair,weights=channel",
            "laurel-rw:normaliser=sigmoid-pair2",
            "laurel-rw:normaliser=none,weights=channel",
            "laurel-lr:rank=2",
            "laurel-pa:lags=2",
            "laurel-rw+lr:rank=2,init=orthogonal",
            "laurel-rw+pa",
            "laurel-lr+pa:rank=2,pairs=shared",
            "laurel-lr+pa:rank=2,lags=4",
            "laurel-rw+lr+pa:rank=2",
            "gemma3n:rank=2",
            "rezero",
            "skipinit:start=0.5",
            "layerscale:start=0.1",
            "highway",
            "denseformer",
            "hyper-static:lanes=2",
            "hyper:lanes=3",
            "mhc:lanes=2");

    /// Three connections around tanh(x + shift).
    private static final class Stack extends Module {
        private final ResidualStack stack;
        private final List<Residual> connections = new ArrayList<>();

        Stack(ResidualSpec spec, Layout layout, Rng rng) {
            stack = new ResidualStack(spec, layout, 3, 1, rng);
            for (int i = 0; i < 3; i++) {
                connections.add(child("c" + i, stack.next(CHANNELS, false)));
            }
        }

        Tensor call(Tensor x) {
            ResidualStream stream = stack.open(x);
            for (int i = 0; i < connections.size(); i++) {
                double shift = 0.1 * i;
                connections
                        .get(i)
                        .connect(
                                stream,
                                Branch.of(u -> u.add(shift).tanh())
                                        .withNorm(u -> u.mul(0.7))
                                        .withAfter(u -> u.mul(1.1)));
            }
            return stream.value();
        }
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
        return SPECS.stream()
                .flatMap(spec -> Stream.of(Layout.values())
                        .map(layout -> DynamicTest.dynamicTest(spec + " " + layout, () -> check(spec, layout))));
    }

    private void check(String spec, Layout layout) {
        Stack stack = new Stack(ResidualSpec.parse(spec), layout, rng);
        stack.to(DType.F64);
        int[] shape = layout == Layout.CHANNELS_FIRST ? new int[] {2, CHANNELS, 2, 1} : new int[] {2, 2, CHANNELS};
        List<Tensor> inputs = new ArrayList<>(List.of(Random.normal(rng, 0, 1, DType.F64, shape)));
        List<Substitute> substitutes = new ArrayList<>();
        for (Parameter parameter : stack.parameters()) {
            Tensor start = parameter.tensor().detach();
            Tensor moved = start.add(
                    Random.normal(rng, 0, 0.3, DType.F64, start.shape().dims()));
            Substitute substitute = new Substitute(moved); // away from zeros, where mistakes hide
            parameter.parametrize(substitute);
            substitutes.add(substitute);
            inputs.add(moved);
        }
        GradCheck.defaults()
                .withSamples(10)
                .firstOrder(
                        spec,
                        in -> {
                            for (int i = 0; i < substitutes.size(); i++) {
                                substitutes.get(i).value = in[1 + i];
                            }
                            return new Tensor[] {stack.call(in[0])};
                        },
                        inputs.toArray(Tensor[]::new))
                .verify();
    }

    @TestFactory
    Stream<DynamicTest> trainingReachesEveryParameter() {
        return SPECS.stream()
                .filter(spec -> !spec.equals("plain"))
                .flatMap(spec -> Stream.of(Layout.values())
                        .map(layout -> DynamicTest.dynamicTest(spec + " " + layout, () -> train(spec, layout))));
    }

    /// Four steps: in the first, factors next to a zero cannot move yet, and lanes are still equal.
    private void train(String spec, Layout layout) {
        Stack stack = new Stack(ResidualSpec.parse(spec), layout, rng);
        List<float[]> before = new ArrayList<>();
        stack.parameters().forEach(p -> before.add(p.tensor().toFloats().clone()));
        int[] shape = layout == Layout.CHANNELS_FIRST ? new int[] {2, CHANNELS, 2, 2} : new int[] {2, 4, CHANNELS};
        Tensor x = Random.normal(rng, shape);
        Tensor direction = Random.normal(rng, shape);
        for (int step = 0; step < 4; step++) {
            stack.zeroGrad();
            stack.call(x).mul(direction).sum().backward();
            if (step == 0) {
                assertThat(stack.parameters())
                        .as("a branch that no gradient reaches")
                        .anyMatch(p -> p.grad() != null && p.grad().abs().sum().item() > 0);
            }
            stack.parameters()
                    .forEach(p -> p.set(p.tensor().detach().sub(p.grad().mul(0.01))));
        }
        int i = 0;
        for (var entry : stack.namedParameters().entrySet()) {
            float[] now = entry.getValue().tensor().toFloats();
            assertThat(now).as(entry.getKey()).isNotEqualTo(before.get(i++));
            assertThat(entry.getValue().tensor().isFinite().all().item()).isEqualTo(1);
        }
    }
}
