package dev.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.distill.method.BornAgain;
import dev.retort.distill.method.Dot;
import dev.retort.distill.method.GradientGate;
import dev.retort.distill.method.HintonKd;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.teacher.LiveTeacher;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.optim.SGD;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Gradients of labels and of distillation, apart.
class GradientRuleTest {
    private static final Clusters DATA = new Clusters(1, 24, 0, 10, 10);
    private static final HintonKd KD = new HintonKd(2, .3, .7);
    private static final int EPOCHS = 4;
    private static final double RATE = .2;

    private static Layer teacher() {
        return Clusters.mlp(24).create(new Rng(3));
    }

    private static Layer student() {
        return Clusters.mlp(12).create(new Rng(5));
    }

    private static Layer trained(DistillationMethod method, SGD.Config config, int parts) throws IOException {
        Layer student = student();
        Distillation.with(new LiveTeacher(teacher()), student)
                .labelled(DATA.labelled)
                .training(Clusters.training(EPOCHS)
                        .withBatchSize(24, parts)
                        .withOptimizer(new OptimizerChoice.Sgd(config), new ScheduleChoice.Constant()))
                .method(method)
                .fit();
        return student;
    }

    private static void assertSame(Layer actual, Layer expected) {
        Map<String, float[]> wanted = Clusters.snapshot(expected);
        Clusters.snapshot(actual)
                .forEach((name, values) ->
                        assertThat(values).as(name).containsExactly(Clusters.of(wanted, name), within(2e-5f)));
    }

    /// The formula with gradients of its own; a batch is the whole set.
    private static Layer byHand(double momentum, double delta, double weightDecay) {
        Layer student = student();
        Layer teacher = teacher();
        teacher.eval();
        Tensor inputs = Tensor.stack(
                0,
                Stream.iterate(0, i -> i + 1)
                        .limit(24)
                        .map(i -> DATA.labelled.get(i).input())
                        .toArray(Tensor[]::new));
        long[] classes = new long[24];
        for (int i = 0; i < 24; i++) {
            classes[i] = DATA.labelled.label(i);
        }
        Tensor taught = teacher.call(inputs).detach();
        List<Parameter> parameters = List.copyOf(student.parameters());
        Tensor[] leaves = parameters.stream().map(Parameter::tensor).toArray(Tensor[]::new);
        Tensor[] task = new Tensor[leaves.length];
        Tensor[] distilled = new Tensor[leaves.length];
        for (int epoch = 0; epoch < EPOCHS; epoch++) {
            Tensor label = Losses.crossEntropy(student.call(inputs), Tensor.of(classes))
                    .mean()
                    .mul(.3);
            Tensor[] g = Autograd.grad(label, leaves);
            Tensor kd =
                    HintonKd.divergence(student.call(inputs), taught, 2).mean().mul(.7);
            Tensor[] h = Autograd.grad(kd, leaves);
            for (int i = 0; i < leaves.length; i++) {
                Tensor decayed = g[i].add(leaves[i].detach().mul(weightDecay));
                task[i] = epoch == 0 ? decayed : task[i].mul(momentum - delta).add(decayed);
                distilled[i] =
                        epoch == 0 ? h[i] : distilled[i].mul(momentum + delta).add(h[i]);
                parameters
                        .get(i)
                        .set(leaves[i].detach().sub(task[i].add(distilled[i]).mul(RATE)));
            }
        }
        return student;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void dotHasTwoMomenta(int parts) throws IOException {
        Layer expected = byHand(.8, .15, .01);
        assertSame(trained(new Dot(KD, .8, .15, .01), SGD.Config.of(RATE), parts), expected);
        float[] without = Clusters.of(Clusters.snapshot(byHand(.8, 0, .01)), "layers.fc1.weight");
        assertThat(Clusters.of(Clusters.snapshot(expected), "layers.fc1.weight")[0])
                .isNotCloseTo(without[0], within(1e-4f));
    }

    /// Equal momenta are the optimiser's own.
    @Test
    void withoutDeltaDotIsMomentum() throws IOException {
        SGD.Config own = SGD.Config.of(RATE).withMomentum(.9).withWeightDecay(.02);
        assertSame(trained(new Dot(KD, .9, 0, .02), SGD.Config.of(RATE), 1), trained(KD, own, 1));
    }

    @Test
    void whatOneGroupReachesHasTheCommonMomentum() {
        GradientRule rule = new Dot(KD, .5, .25, .1).gradients();
        Map<String, Parameter> parameters = new LinkedHashMap<>();
        for (String name : List.of("both", "task", "adapter")) {
            parameters.put(name, new Parameter(Tensor.of(new double[] {10})));
        }
        List<Map<String, Tensor>> gradients =
                List.of(Map.of("both", one(1), "task", one(2)), Map.of("both", one(3), "adapter", one(4)));
        Map<String, Tensor> first = rule.combine(gradients, parameters);
        assertThat(of(first, "both")).isEqualTo(1 + 1 + 3);
        assertThat(of(first, "task")).isEqualTo(2 + 1);
        assertThat(of(first, "adapter")).isEqualTo(4 + 1);
        GradientRule resumed = new Dot(KD, .5, .25, .1).gradients();
        resumed.loadStateDict(rule.stateDict());
        for (GradientRule next : List.of(rule, resumed)) {
            Map<String, Tensor> second = next.combine(gradients, parameters);
            assertThat(of(second, "both")).isEqualTo(.25 * 2 + 2 + .75 * 3 + 3);
            assertThat(of(second, "task")).isEqualTo(.5 * 3 + 3);
            assertThat(of(second, "adapter")).isEqualTo(.5 * 5 + 5);
        }
    }

    private static Tensor one(double... values) {
        return Tensor.of(values);
    }

    private static double of(Map<String, Tensor> gradients, String name) {
        return Objects.requireNonNull(gradients.get(name)).item();
    }

    private static Map<String, Tensor> gated(GradientGate.Conflict conflict, double w, double v) {
        GradientRule rule = new GradientGate(KD, conflict).gradients();
        return rule.combine(
                List.of(
                        Map.of("w", one(1, 2), "v", one(3), "task", one(7)),
                        Map.of("w", one(w, 0), "v", one(v), "adapter", one(5))),
                Map.of());
    }

    @Test
    void gradientsThatAgreeAreAdded() {
        for (GradientGate.Conflict conflict : GradientGate.Conflict.values()) {
            Map<String, Tensor> sum = gated(conflict, -2, 1);
            assertThat(Objects.requireNonNull(sum.get("w")).toDoubles()).containsExactly(-1, 2);
            assertThat(of(sum, "v")).isEqualTo(4);
            assertThat(of(sum, "task")).isEqualTo(7);
            assertThat(of(sum, "adapter")).isEqualTo(5);
        }
    }

    /// ⟨g, h⟩ = −4 − 3 = −7, ‖g‖² = 1 + 4 + 9 = 14: half of g is added.
    @Test
    void gradientsThatDisagreeAreDroppedOrProjected() {
        Map<String, Tensor> dropped = gated(GradientGate.Conflict.DROP, -4, -1);
        assertThat(Objects.requireNonNull(dropped.get("w")).toDoubles()).containsExactly(1, 2);
        assertThat(of(dropped, "v")).isEqualTo(3);
        assertThat(of(dropped, "adapter")).isEqualTo(5);
        Map<String, Tensor> projected = gated(GradientGate.Conflict.PROJECT, -4, -1);
        assertThat(Objects.requireNonNull(projected.get("w")).toDoubles()).containsExactly(-2.5, 3);
        assertThat(of(projected, "v")).isEqualTo(3.5);
        assertThat(of(projected, "task")).isEqualTo(7);
    }

    /// A teacher of its own kind agrees with the labels at first: gating changes nothing but rounding.
    @Test
    void aGateThatIsOpenIsPlainTraining() throws IOException {
        HintonKd alike = new HintonKd(1, 1, 1e-6);
        Layer plain = trained(alike, SGD.Config.of(RATE), 2);
        assertSame(trained(new GradientGate(alike), SGD.Config.of(RATE), 2), plain);
    }

    static Stream<DistillationMethod> methods() {
        return Stream.of(new Dot(KD), new GradientGate(KD), new GradientGate(KD, GradientGate.Conflict.PROJECT));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void theLossFalls(DistillationMethod method) throws IOException {
        List<EpochReport> reports = Distillation.with(teacher(), Clusters.mlp(12))
                .labelled(DATA.labelled)
                .training(Clusters.training(6)
                        .withBatchSize(8, 2)
                        .withOptimizer(new OptimizerChoice.Sgd(SGD.Config.of(.02)), new ScheduleChoice.Constant()))
                .method(method)
                .fit()
                .reports();
        assertThat(reports.getLast().loss()).isLessThan(reports.getFirst().loss());
        assertThat(reports.getLast().terms()).containsKey("label");
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new Dot(KD, .9, .2, 0)).hasMessageContaining("got 0.9 and 0.2");
        assertThatThrownBy(() -> new Dot(KD, .1, .2, 0)).hasMessageContaining("got 0.1 and 0.2");
        assertThatThrownBy(() -> new Dot(KD, .9, .05, -1)).hasMessageContaining("dot: expected a weight decay");
        assertThatThrownBy(() -> new Dot(new BornAgain())).hasMessageContaining("dot: expected a method of one run");
        assertThatThrownBy(() -> new GradientGate(new Dot(KD))).hasMessageContaining("gradient gate: expected");
        assertThat(new Dot(new LabelsOnly()).name()).isEqualTo("dot-labels");
        assertThatThrownBy(() -> Distillation.with(teacher(), Clusters.mlp(12))
                        .labelled(DATA.labelled)
                        .devices(List.of(Device.CPU, Device.CPU))
                        .method(new GradientGate(KD))
                        .fit())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("stage gated-kd expects one device");
    }
}
