package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.AvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv1d;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.ConvTranspose2d;
import dev.retort.nn.layer.ELU;
import dev.retort.nn.layer.Embedding;
import dev.retort.nn.layer.GELU;
import dev.retort.nn.layer.GRU;
import dev.retort.nn.layer.GroupNorm;
import dev.retort.nn.layer.Hardswish;
import dev.retort.nn.layer.InstanceNorm;
import dev.retort.nn.layer.LSTM;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.LeakyReLU;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.Mish;
import dev.retort.nn.layer.MultiheadAttention;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Recurrent;
import dev.retort.nn.layer.SiLU;
import dev.retort.nn.layer.Sigmoid;
import dev.retort.nn.layer.Softplus;
import dev.retort.nn.layer.Tanh;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Outputs, gradients and running statistics of each layer are PyTorch's, from PyTorch's state dict.
class GoldenLayerTest {
    private static final double TOLERANCE = 1e-10;
    private final Rng rng = new Rng(3);

    /// A module, how it is called, and its mode.
    private record Case(String name, Module module, Function<Tensor[], Tensor[]> call, boolean train) {
        static Case of(String name, Layer layer) {
            return new Case(name, layer, in -> new Tensor[] {layer.call(in[0])}, true);
        }
    }

    private Stream<Case> convolutionsAndNorms() {
        BatchNorm evaluated = new BatchNorm(4);
        return Stream.of(
                Case.of("linear", new Linear(6, 5, rng)),
                Case.of(
                        "conv2d",
                        new Conv2d(
                                Conv2d.Config.of(4, 6, 3)
                                        .withStride(2)
                                        .withPadding(1)
                                        .withGroups(2),
                                rng)),
                Case.of(
                        "conv1d",
                        new Conv1d(
                                Conv1d.Config.of(4, 6, 3)
                                        .withStride(2)
                                        .withPadding(2)
                                        .withDilation(2),
                                rng)),
                Case.of(
                        "conv_transpose2d",
                        new ConvTranspose2d(
                                Conv2d.Config.of(4, 3, 3).withStride(2).withPadding(1), 1, rng)),
                Case.of("batch_norm", new BatchNorm(4)),
                Case.of(
                        "batch_norm_1d",
                        new BatchNorm(BatchNorm.Config.of(4).withEps(1e-3).withMomentum(0.3))),
                new Case("batch_norm_eval", evaluated, in -> new Tensor[] {evaluated.call(in[0])}, false),
                Case.of("layer_norm", new LayerNorm(6)),
                Case.of("layer_norm_2", new LayerNorm(Shape.of(5, 6), 1e-3)),
                Case.of("group_norm", new GroupNorm(2, 4)),
                Case.of("instance_norm", new InstanceNorm(4)),
                Case.of("embedding", new Embedding(7, 3, 2, rng)));
    }

    private Stream<Case> activationsAndPools() {
        return Stream.of(
                Case.of("relu", new ReLU()),
                Case.of("leaky_relu", new LeakyReLU()),
                Case.of("elu", new ELU()),
                Case.of("gelu", new GELU()),
                Case.of("gelu_tanh", new GELU(true)),
                Case.of("silu", new SiLU()),
                Case.of("mish", new Mish()),
                Case.of("hardswish", new Hardswish()),
                Case.of("softplus", new Softplus()),
                Case.of("sigmoid", new Sigmoid()),
                Case.of("tanh", new Tanh()),
                Case.of("max_pool", new MaxPool2d(PoolOp.Window.of(3, 2, 1))),
                Case.of("avg_pool", new AvgPool2d(PoolOp.Window.of(3, 2, 1), false)),
                Case.of("adaptive_pool", new AdaptiveAvgPool2d(2, 3)));
    }

    private Stream<Case> sequences() {
        LSTM lstm = new LSTM(
                Recurrent.Config.of(3, 5).withLayers(2).inBothDirections().withBatchFirst(), rng);
        GRU gru = new GRU(
                Recurrent.Config.of(3, 5).withLayers(2).inBothDirections().withBatchFirst(), rng);
        LSTM from = new LSTM(Recurrent.Config.of(3, 5).withBatchFirst(), rng);
        MultiheadAttention self =
                new MultiheadAttention(MultiheadAttention.Config.of(6, 3).withBatchFirst(), rng);
        MultiheadAttention cross =
                new MultiheadAttention(MultiheadAttention.Config.of(6, 2).withBatchFirst(), rng);
        return Stream.of(
                new Case("lstm", lstm, in -> parts(lstm.call(in[0])), true),
                new Case(
                        "gru",
                        gru,
                        in -> {
                            GRU.Result result = gru.call(in[0]);
                            return new Tensor[] {result.output(), result.hidden()};
                        },
                        true),
                new Case("lstm_from", from, in -> parts(from.call(in[0], in[1], in[2])), true),
                new Case("attention_self", self, in -> new Tensor[] {self.call(in[0], null, true)}, true),
                new Case(
                        "attention_cross",
                        cross,
                        in -> new Tensor[] {cross.call(in[0], in[1], in[1], null, false)},
                        true));
    }

    private static Tensor[] parts(LSTM.Result result) {
        return new Tensor[] {result.output(), result.hidden(), result.cell()};
    }

    @TestFactory
    Stream<DynamicTest> layersAgreeWithPyTorch() {
        return Stream.of(convolutionsAndNorms(), activationsAndPools(), sequences())
                .flatMap(cases -> cases)
                .map(one -> DynamicTest.dynamicTest(one.name, () -> check(one)));
    }

    private static void check(Case one) {
        one.module.to(DType.F64);
        Map<String, Tensor> state = Golden.under(one.name + "/state/");
        one.module.loadStateDict(state);
        assertThat(one.module.stateDict().keySet()).containsExactlyInAnyOrderElementsOf(state.keySet());
        one.module.train(one.train);
        Tensor[] inputs = new Tensor[3];
        for (int i = 0; Golden.has(one.name + "/in/" + i); i++) {
            inputs[i] = Golden.get(one.name + "/in/" + i);
            if (inputs[i].dtype().isFloating()) {
                inputs[i].requiresGrad(true);
            }
        }
        Tensor[] outputs = one.call.apply(inputs);
        Tensor total = Tensor.scalar(DType.F64, 0);
        for (int i = 0; i < outputs.length; i++) {
            Golden.assertClose("output " + i, outputs[i], Golden.get(one.name + "/out/" + i), TOLERANCE);
            total = total.add(
                    outputs[i].mul(Golden.get(one.name + "/in/weight" + i)).sum());
        }
        total.backward();
        Golden.under(one.name + "/grad/").forEach((name, expected) -> {
            Tensor gradient = Character.isDigit(name.charAt(0))
                    ? inputs[Integer.parseInt(name)].grad()
                    : one.module.namedParameters().get(name).grad();
            Golden.assertClose("gradient of " + name, gradient, expected, TOLERANCE);
        });
        Golden.under(one.name + "/after/")
                .forEach((name, expected) -> Golden.assertClose(
                        name, one.module.namedBuffers().get(name).tensor(), expected, TOLERANCE));
    }
}
