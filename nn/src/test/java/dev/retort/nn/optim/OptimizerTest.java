package dev.retort.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Parameter;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.loss.Losses;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class OptimizerTest {
    private static final Offset<Float> CLOSE = Offset.offset(1e-6f);

    private static Parameter parameter(float... values) {
        return new Parameter(Tensor.of(values));
    }

    private static void gradient(Parameter parameter, float... values) {
        parameter.tensor().grad(Tensor.of(values));
    }

    @Test
    void lambByHand() {
        Parameter w = parameter(3, 4); // norm 5
        gradient(w, 1, -1);
        new LAMB(Map.of("w", w), new Adam.Config(0.1, 0.9, 0.999, 0, 0)).step();
        float move = (float) (0.1 * 5 / Math.sqrt(2)); // Adam's first direction is (1, -1)
        assertThat(w.tensor().toFloats()).containsExactly(new float[] {3 - move, 4 + move}, CLOSE);
    }

    @Test
    void lionByHand() {
        Parameter w = parameter(1, 2);
        Lion lion = new Lion(Map.of("w", w), new Lion.Config(0.1, 0.5, 0.9, 0.5));
        gradient(w, 4, -2);
        lion.step();
        assertThat(w.tensor().toFloats()).containsExactly(new float[] {0.95f - 0.1f, 1.9f + 0.1f}, CLOSE);
        assertThat(lion.stateDict().get("w.exp_avg").toFloats()).containsExactly(new float[] {0.4f, -0.2f}, CLOSE);
        gradient(w, -0.3f, -1); // 0.5·0.4 − 0.5·0.3 > 0: the average decides
        lion.step();
        assertThat(w.tensor().toFloats()).containsExactly(new float[] {0.85f * 0.95f - 0.1f, 2 * 0.95f + 0.1f}, CLOSE);
    }

    @Test
    void groupsHaveTheirOwnRateAndDecay() {
        Parameter a = parameter(1);
        Parameter b = parameter(1);
        Parameter frozen = parameter(1).requiresGrad(false);
        Parameter unused = parameter(1);
        Map<String, Parameter> all = new LinkedHashMap<>();
        all.put("a", a);
        all.put("bias", b);
        all.put("frozen", frozen);
        all.put("unused", unused);
        SGD sgd = new SGD(
                List.of(
                        ParameterGroup.of(all, name -> !name.equals("bias")),
                        ParameterGroup.of(all, "bias"::equals).withLr(0.5).withWeightDecay(0)),
                SGD.Config.of(0.1).withWeightDecay(0.2));
        gradient(a, 1);
        gradient(b, 1);
        sgd.step();
        assertThat(a.tensor().toFloats()).containsExactly(new float[] {1 - 0.1f * 1.2f}, CLOSE);
        assertThat(b.tensor().toFloats()).containsExactly(new float[] {0.5f}, CLOSE);
        assertThat(frozen.tensor().toFloats()).containsExactly(1);
        assertThat(unused.tensor().toFloats()).containsExactly(1);
        new LrScheduler(sgd, step -> 0.5);
        assertThat(sgd.groups()).extracting(ParameterGroup::lr).containsExactly(0.05, 0.25);
    }

    @TestFactory
    Stream<DynamicTest> savedStateGoesOnWithTheSameBits() {
        Map<String, Function<Map<String, Parameter>, Optimizer>> makers = new LinkedHashMap<>();
        makers.put("SGD", p -> new SGD(p, SGD.Config.of(0.1).withMomentum(0.9)));
        makers.put("Adam", p -> new Adam(p, Adam.Config.defaults()));
        makers.put("AdamW", p -> new AdamW(p, AdamW.defaults()));
        makers.put("RMSprop", p -> new RMSprop(p, RMSprop.Config.defaults().withMomentum(0.5)));
        makers.put("Adagrad", p -> new Adagrad(p, Adagrad.Config.defaults()));
        makers.put("LAMB", p -> new LAMB(p, LAMB.defaults()));
        makers.put("Lion", p -> new Lion(p, Lion.Config.defaults()));
        return makers.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    Parameter whole = parameter(1, -2, 3);
                    Optimizer straight = entry.getValue().apply(Map.of("w", whole));
                    run(straight, whole, 0, 6);
                    Parameter half = parameter(1, -2, 3);
                    Optimizer first = entry.getValue().apply(Map.of("w", half));
                    run(first, half, 0, 3);
                    Parameter rest = new Parameter(half.tensor().detach().copy());
                    Optimizer second = entry.getValue().apply(Map.of("w", rest));
                    second.loadStateDict(first.stateDict());
                    run(second, rest, 3, 6);
                    assertThat(rest.tensor().toFloats())
                            .isEqualTo(whole.tensor().toFloats());
                }));
    }

    private static void run(Optimizer optimizer, Parameter w, int from, int to) {
        for (int i = from; i < to; i++) {
            w.tensor().grad(Random.normal(new Rng(i), 3));
            optimizer.step();
        }
    }

    @Test
    void statesThatDoNotFitAreRefusedAndChangeNothing() {
        Parameter w = parameter(1, 2);
        Adam adam = new Adam(Map.of("w", w), Adam.Config.defaults());
        gradient(w, 1, 1);
        adam.step();
        Map<String, Tensor> state = new LinkedHashMap<>(adam.stateDict());
        state.put("w.exp_avg", Tensor.zeros(3));
        assertThatThrownBy(() -> adam.loadStateDict(state))
                .hasMessage("loadStateDict: the optimizer expects 'w.exp_avg' of shape [2], got F32[3]");
        state.remove("w.exp_avg");
        state.put("v.exp_avg", Tensor.zeros(2));
        assertThatThrownBy(() -> adam.loadStateDict(state)).isInstanceOf(IllegalArgumentException.class);
        assertThat(adam.stateDict().get("w.exp_avg").toFloats()).containsExactly(new float[] {0.1f, 0.1f}, CLOSE);
        assertThatThrownBy(() -> new Adam(
                        List.of(new ParameterGroup(Map.of("w", w)), new ParameterGroup(Map.of("v", w))),
                        Adam.Config.defaults()))
                .isInstanceOf(OpException.class)
                .hasMessage("optimizer: expects each parameter once, got 'v' twice");
    }

    @Test
    void normOfHalvesDoesNotOverflow() {
        Parameter half = new Parameter(Tensor.zeros(DType.F16, 2));
        half.tensor().grad(Tensor.of(new float[] {300, -400}).to(DType.F16));
        assertThat(Gradients.clipNorm(List.of(half), 5)).isEqualTo(500);
        assertThat(half.grad().toFloats()).containsExactly(new float[] {3, -4}, Offset.offset(0.01f));
    }

    @Test
    void clippingByNormAndValue() {
        Parameter a = parameter(0, 0);
        Parameter b = parameter(0);
        gradient(a, 3, 0);
        gradient(b, -4);
        assertThat(Gradients.clipNorm(List.of(a, b, parameter(9)), 10)).isEqualTo(5);
        assertThat(a.grad().toFloats()).containsExactly(3, 0);
        assertThat(Gradients.clipNorm(List.of(a, b), 1)).isEqualTo(5);
        assertThat(Gradients.norm(List.of(a, b))).isCloseTo(1, Offset.offset(1e-5));
        assertThat(b.grad().toFloats()).containsExactly(new float[] {-0.8f}, CLOSE);
        gradient(a, 3, -0.25f);
        Gradients.clipValue(List.of(a), 0.5);
        assertThat(a.grad().toFloats()).containsExactly(0.5f, -0.25f);
    }

    @Test
    void accumulatedUnequalBatchesGiveTheGradientOfTheWhole() {
        Rng rng = new Rng(3);
        Linear model = new Linear(4, 3, rng);
        Tensor x = Random.normal(rng, 7, 4);
        Tensor y = Tensor.of(new long[] {0, 1, 2, 0, 1, 2, -100});
        Loss whole = Losses.crossEntropy(model.call(x), y);
        whole.mean().backward();
        float[] expected = model.weight().grad().toFloats();
        model.zeroGrad();
        GradientAccumulator accumulator = new GradientAccumulator(model.parameters());
        accumulator.add(Losses.crossEntropy(model.call(x.narrow(0, 0, 2)), y.narrow(0, 0, 2)));
        accumulator.add(Losses.crossEntropy(model.call(x.narrow(0, 2, 5)), y.narrow(0, 2, 5)));
        assertThat(accumulator.finish()).isCloseTo(whole.mean().item(), Offset.offset(1e-6));
        assertThat(model.weight().grad().toFloats()).containsExactly(expected, CLOSE);
        assertThat(accumulator.finish()).as("empty again").isZero();
    }

    @Test
    void movingAverageByHandAndSwap() {
        Linear model = new Linear(1, 1, false, new Rng(1));
        model.weight().set(Tensor.scalar(2));
        ExponentialMovingAverage average = new ExponentialMovingAverage(model, 0.75);
        model.weight().set(Tensor.scalar(4));
        average.update();
        average.swap();
        assertThat(model.weight().tensor().item()).isEqualTo(2.5);
        average.swap();
        assertThat(model.weight().tensor().item()).isEqualTo(4);
        Linear copy = new Linear(1, 1, false, new Rng(2));
        average.copyTo(copy);
        assertThat(copy.weight().tensor().item()).isEqualTo(2.5);
        ExponentialMovingAverage other = new ExponentialMovingAverage(copy, 0.75);
        copy.weight().set(Tensor.scalar(0));
        other.loadStateDict(average.stateDict());
        other.swap();
        assertThat(copy.weight().tensor().item()).isEqualTo(2.5);
    }

    @Test
    void warmupRisesBeforeTheCosineFalls() {
        Schedule schedule = Schedule.cosine(3, 7, 0.2);
        double[] factors = new double[9];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = schedule.factor(i);
        }
        assertThat(factors)
                .containsExactly(
                        new double[] {
                            0.25,
                            0.5,
                            0.75,
                            1,
                            0.2 + 0.4 * (1 + Math.sqrt(0.5)),
                            0.6,
                            0.2 + 0.4 * (1 - Math.sqrt(0.5)),
                            0.2,
                            0.2
                        },
                        Offset.offset(1e-12));
        assertThatThrownBy(() -> Schedule.cosine(5, 5, 0))
                .hasMessage("cosine schedule: expects 0 <= warmup < total, got [5, 5]");
    }

    @Test
    void nothingToClipHasNorm0() {
        assertThat(Gradients.clipNorm(List.of(parameter(1)), 1)).isZero();
    }

    @Test
    void everyOptimizerHasItsOwnConfig() {
        assertThat(SGD.config(0.1)).isEqualTo(new SGD.Config(0.1, 0, 0, 0, false));
        assertThat(Adam.config(0.1)).isEqualTo(new Adam.Config(0.1, 0.9, 0.999, 1e-8, 0));
        assertThat(AdamW.config(0.1)).isEqualTo(new Adam.Config(0.1, 0.9, 0.999, 1e-8, 0.01));
        assertThat(LAMB.config(0.1)).isEqualTo(new Adam.Config(0.1, 0.9, 0.999, 1e-6, 0.01));
        assertThat(Lion.config(0.1)).isEqualTo(new Lion.Config(0.1, 0.9, 0.99, 0));
        assertThat(RMSprop.config(0.1)).isEqualTo(new RMSprop.Config(0.1, 0.99, 1e-8, 0, 0));
        assertThat(Adagrad.config(0.1)).isEqualTo(new Adagrad.Config(0.1, 1e-10, 0));
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        double nan = Double.NaN;
        refused("betas in [0, 1)", () -> Adam.Config.of(0.1).withBetas(1, 0.9));
        refused("betas in [0, 1)", () -> AdamW.config(0.1).withBetas(0.9, nan));
        refused("eps >= 0", () -> new Adam.Config(0.1, 0.9, 0.9, -1, 0));
        refused("betas in [0, 1)", () -> new Lion.Config(0.1, 0.9, 1, 0));
        refused("alpha in [0, 1)", () -> new RMSprop.Config(0.1, 2, 1e-8, 0, 0));
        refused("eps >= 0", () -> new Adagrad.Config(0.1, nan, 0));
        refused("finite dampening", () -> new SGD.Config(0.1, 0.9, nan, 0, false));
        Optimizer optimizer = new SGD(Map.of("w", parameter(1)), SGD.Config.of(0.1));
        refused("a factor in (0, 1)", () -> new ReduceOnPlateau(optimizer, false, 2, 3));
        refused("patience >= 0", () -> new ReduceOnPlateau(optimizer, false, 0.5, -1));
        refused("gamma > 0", () -> Schedule.step(2, nan));
        refused("gamma > 0", () -> Schedule.multiStep(-0.1, 3));
        refused("last >= 0", () -> Schedule.cosine(0, 5, nan));
        refused("power >= 0", () -> Schedule.polynomial(5, -1, 0));
        refused("positive divisors", () -> Schedule.oneCycle(5, 0.3, 0, 1e4));
        refused("norm >= 0", () -> Gradients.clipNorm(List.of(), -1));
        refused("limit >= 0", () -> Gradients.clipValue(List.of(), nan));
    }

    private static void refused(String expected, ThrowingCallable settings) {
        assertThatThrownBy(settings).isInstanceOf(OpException.class).hasMessageContaining(expected);
    }
}
