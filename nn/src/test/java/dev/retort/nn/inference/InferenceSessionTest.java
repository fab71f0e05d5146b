package dev.retort.nn.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.LayerNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.CifarVgg;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.transformer.Bert;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.nn.transformer.Llama;
import dev.retort.nn.transformer.VisionTransformer;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import dev.retort.tensor.packed.PackedLinear;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class InferenceSessionTest {
    /// Every family of models with an input.
    static Stream<Arguments> models() {
        Rng rng = new Rng(3);
        Tensor ids = Tensor.of(new long[] {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8}, 2, 6);
        return Stream.of(
                Arguments.of(new CifarResNet(CifarResNet.Config.of(20, 10), rng), Random.normal(rng, 2, 3, 32, 32)),
                Arguments.of(
                        new CifarResNet(
                                CifarResNet.Config.of(8, 10)
                                        .withShortcut(CifarResNet.Shortcut.PROJECTION)
                                        .withSqueezeExcite(4),
                                rng),
                        Random.normal(rng, 1, 3, 16, 16)),
                Arguments.of(new ResNet(ResNet.Config.of(50, 10).withWidth(16), rng), Random.normal(rng, 2, 3, 64, 48)),
                Arguments.of(new ResNet(ResNet.Config.of(18, 10).withWidth(32), rng), Random.normal(rng, 1, 3, 70, 70)),
                Arguments.of(new CifarVgg(CifarVgg.Config.of(8, 10), rng), Random.normal(rng, 1, 3, 32, 32)),
                Arguments.of(new SmallCnn(SmallCnn.Config.of(1, 10, 4, 8), rng), Random.normal(rng, 2, 1, 28, 28)),
                Arguments.of(new Mlp(Mlp.Config.of(20, 5, 30), rng), Random.normal(rng, 4, 20)),
                Arguments.of(new Gpt2(Gpt2.Config.of(11, 8, 24, 2, 3), rng), ids),
                Arguments.of(new Bert(Bert.Config.of(11, 8, 32, 2, 4, 48), rng), ids),
                Arguments.of(
                        new VisionTransformer(VisionTransformer.Config.of(16, 4, 32, 2, 4, 10), rng),
                        Random.normal(rng, 2, 3, 16, 16)),
                Arguments.of(new Llama(Llama.Config.of(11, 8, 24, 2, 2, 1, 40), rng), ids));
    }

    private static void trainStatistics(Layer network, Tensor x) {
        network.train();
        try (var _ = Autograd.noGrad()) {
            for (int i = 0; i < 3; i++) {
                var _ = network.call(x);
            }
        }
        network.eval();
    }

    private static Tensor eager(Layer network, Tensor x) {
        try (var _ = Autograd.noGrad()) {
            return network.call(x);
        }
    }

    /// Norms of random networks have weights of one and no bias.
    private static void disturbNorms(Layer network, Rng rng) {
        for (Module module : network.modules().values()) {
            if (module instanceof LayerNorm norm) {
                norm.namedParameters()
                        .values()
                        .forEach(p -> p.tensor()
                                .copyFrom(p.tensor()
                                        .add(Random.normal(rng, p.tensor().numel()))));
            }
        }
    }

    private static void assertClose(Tensor actual, Tensor expected) {
        double[] a = actual.toDoubles();
        double[] b = expected.toDoubles();
        double largest = Arrays.stream(b).map(Math::abs).max().orElse(0);
        assertThat(actual.type()).isEqualTo(expected.type());
        for (int i = 0; i < a.length; i++) {
            assertThat(a[i]).isCloseTo(b[i], within(1e-5 * largest));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void answersAsTheNetworkDoes(Layer network, Tensor x) {
        trainStatistics(network, x);
        InferenceSession session = InferenceSession.of(network, x);
        Tensor first = session.call(x);
        assertClose(first, eager(network, x));
        Tensor other = TwoPasses.other(x);
        assertClose(session.call(other), eager(network, other));
        assertClose(first, eager(network, x)); // an answer is not overwritten by the next one
        assertThat(session.call(x).toFloats()).isEqualTo(first.toFloats());
    }

    @Test
    void foldsBatchNormsAndReusesBuffers() {
        Rng rng = new Rng(1);
        CifarResNet network = new CifarResNet(CifarResNet.Config.of(20, 10), rng);
        Tensor x = Random.normal(rng, 1, 3, 32, 32);
        trainStatistics(network, Random.normal(rng, 4, 3, 32, 32));
        InferenceSession session = InferenceSession.of(network, x);
        assertThat(session.ops())
                .doesNotContain("batch_norm_eval")
                .doesNotContain("relu")
                .contains("packed_conv2d_relu", "packed_conv2d_add_relu");
        long all = 4L * 16 * 32 * 32;
        assertThat(session.bufferBytes()).isLessThan(8 * all); // 19 convolutions alone would take more
    }

    /// With 16 vector registers; elsewhere linear layers stay as they are.
    @Test
    void transformersHaveOneOpForEachProduct() {
        boolean packs = PackedLinear.suits(Tensor.zeros(16, 32).type(), Tensor.zeros(32, 32));
        Assumptions.assumeTrue(packs, "skipped: linear layers are not packed here");
        Rng rng = new Rng(1);
        Gpt2 network = new Gpt2(Gpt2.Config.of(50, 16, 32, 2, 2), rng);
        network.eval();
        disturbNorms(network, rng);
        long[] numbers = IntStream.range(0, 16).mapToLong(i -> i * 7 % 50).toArray();
        Tensor ids = Tensor.of(numbers, 1, 16);
        InferenceSession session = InferenceSession.of(network, ids);
        assertThat(session.ops())
                .doesNotContain("linear", "layer_norm", "gelu")
                .containsSubsequence(
                        "layer_norm_packed_linear",
                        "attention",
                        "packed_linear_add",
                        "layer_norm_packed_linear_gelu",
                        "packed_linear_add")
                .containsOnlyOnce("add"); // tokens and positions
        assertClose(session.call(ids), eager(network, ids));
    }

    @Test
    void normsAndProductsThatOthersReadStay() {
        Rng rng = new Rng(1);
        LayerNorm norm = new LayerNorm(Shape.of(16), 1e-5);
        Linear first = new Linear(16, 16, rng);
        Linear second = new Linear(16, 16, rng);
        Layer both = new Layer() {
            {
                child("norm", norm);
                child("first", first);
                child("second", second);
            }

            @Override
            protected Tensor forward(Tensor x) {
                Tensor y = norm.call(x);
                Tensor a = first.call(y);
                Tensor b = second.call(y).relu();
                return a.relu().add(a).add(b); // y and a are read twice
            }
        };
        both.eval();
        Tensor x = Random.normal(rng, 14, 16);
        InferenceSession session = InferenceSession.of(both, x);
        assertThat(session.ops()).contains("layer_norm", "relu");
        assertClose(session.call(x), eager(both, x));
    }

    /// Reference kernels are made of other ops, which are not the network's.
    @Test
    void answersInFloat64() {
        Rng rng = new Rng(1);
        Sequential network = new Sequential(new Linear(4, 5, rng), new ReLU(), new Linear(5, 3, rng));
        network.to(DType.F64);
        network.eval();
        Tensor x = Random.normal(rng, 0, 1, DType.F64, 2, 4);
        InferenceSession session = InferenceSession.of(network, x);
        assertThat(session.call(x).toDoubles()).containsExactly(network.call(x).toDoubles());
    }

    @Test
    void valuesThatAreNotFiniteStayWhereTheyBelong() {
        Rng rng = new Rng(1);
        Sequential network = new Sequential(
                new Conv2d(Conv2d.Config.of(3, 32, 3).withPadding(1), rng),
                new Conv2d(Conv2d.Config.of(32, 32, 3).withPadding(1), rng),
                new ReLU());
        network.eval();
        Tensor x = Random.normal(rng, 1, 3, 16, 16);
        InferenceSession session = InferenceSession.of(network, x);
        assertThat(session.ops()).containsExactly("packed_conv2d", "packed_conv2d_relu");
        float[] spoilt = x.toFloats();
        spoilt[5] = Float.POSITIVE_INFINITY;
        spoilt[300] = Float.NaN;
        Tensor bad = Tensor.of(spoilt, 1, 3, 16, 16);
        float[] expected = eager(network, bad).toFloats();
        float[] actual = session.call(bad).toFloats();
        for (int i = 0; i < expected.length; i++) {
            assertThat(Float.isNaN(actual[i])).isEqualTo(Float.isNaN(expected[i]));
            assertThat(Float.isInfinite(actual[i])).isEqualTo(Float.isInfinite(expected[i]));
        }
    }

    @Test
    void keepsSumsAndRectifiersThatOthersReadToo() {
        Rng rng = new Rng(1);
        Conv2d conv = new Conv2d(Conv2d.Config.of(2, 16, 3).withPadding(1), rng);
        Conv2d second = new Conv2d(Conv2d.Config.of(16, 16, 1), rng);
        Layer both = new Layer() {
            {
                child("conv", conv);
                child("second", second);
            }

            @Override
            protected Tensor forward(Tensor x) {
                Tensor y = conv.call(x);
                Tensor sum = second.call(y.relu()).add(y); // y is read twice, the sum by two ops
                return sum.relu().add(sum);
            }
        };
        both.eval();
        Tensor x = Random.normal(rng, 2, 2, 7, 5);
        assertClose(InferenceSession.of(both, x).call(x), eager(both, x));
    }

    @Test
    void keepsANormWhoseConvolutionIsReadTwice() {
        Rng rng = new Rng(1);
        Conv2d conv = new Conv2d(Conv2d.Config.of(2, 3, 3), rng);
        BatchNorm norm = new BatchNorm(3);
        Layer both = new Layer() {
            {
                child("conv", conv);
                child("norm", norm);
            }

            @Override
            protected Tensor forward(Tensor x) {
                Tensor y = conv.call(x);
                return y.add(norm.call(y));
            }
        };
        Tensor x = Random.normal(rng, 2, 2, 7, 7);
        trainStatistics(both, x);
        InferenceSession session = InferenceSession.of(both, x);
        assertThat(session.ops()).contains("batch_norm_eval");
        assertClose(session.call(x), eager(both, x));
    }

    @Test
    void foldsANormBehindALinearLayer() {
        Rng rng = new Rng(1);
        Sequential network = new Sequential(new Linear(5, 4, rng), new BatchNorm(4), new ReLU(), new Dropout(0.5, rng));
        Tensor x = Random.normal(rng, 6, 5);
        trainStatistics(network, x);
        InferenceSession session = InferenceSession.of(network, x);
        assertThat(session.ops()).containsExactly("linear", "relu");
        assertClose(session.call(x), eager(network, x));
    }

    @Test
    void refusesWhatItCannotPrepare() {
        Rng rng = new Rng(1);
        Tensor x = Random.normal(rng, 2, 3);
        Sequential dropout = new Sequential(new Linear(3, 3, rng), new Dropout(0.5, rng));
        assertThatThrownBy(() -> InferenceSession.of(dropout, x)).hasMessageContaining("eval()");
        Layer branches = of(in -> in.get(0, 0) > 0 ? in.mul(2) : in.exp());
        assertThatThrownBy(() -> InferenceSession.of(branches, Tensor.of(new float[] {1, -1}, 1, 2)))
                .isInstanceOf(InferenceException.class)
                .hasMessageContaining("depends on its data");
        Layer reads = of(in -> in.add(Tensor.scalar(in.get(0, 0))));
        assertThatThrownBy(() -> InferenceSession.of(reads, x)).hasMessageContaining("read out of the input");
        Tensor state = Tensor.zeros(2, 3);
        Layer writes = of(in -> {
            state.copyFrom(in);
            return state.add(1);
        });
        assertThatThrownBy(() -> InferenceSession.of(writes, x)).hasMessageContaining("changes state");
    }

    private static Layer of(java.util.function.UnaryOperator<Tensor> forward) {
        Layer layer = new Layer() {
            @Override
            protected Tensor forward(Tensor x) {
                return forward.apply(x);
            }
        };
        layer.eval();
        return layer;
    }

    @Test
    void refusesOtherShapesAndChangedWeights() {
        Rng rng = new Rng(1);
        Linear network = new Linear(3, 2, rng);
        network.eval();
        InferenceSession session = InferenceSession.of(network, Random.normal(rng, 4, 3));
        assertThatThrownBy(() -> session.call(Tensor.zeros(5, 3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("[4, 3]");
        network.weight().tensor().update(new UpdateOp.Scale(2));
        assertThatThrownBy(() -> session.call(Tensor.zeros(4, 3)))
                .hasMessageContaining("weights were changed by scale");
    }

    @Test
    void forksAnswerAtTheSameTime() {
        Rng rng = new Rng(1);
        CifarResNet network = new CifarResNet(CifarResNet.Config.of(8, 10), rng);
        network.eval();
        Tensor[] inputs = {Random.normal(rng, 1, 3, 32, 32), Random.normal(rng, 1, 3, 32, 32)};
        InferenceSession session = InferenceSession.of(network, inputs[0]);
        List<CompletableFuture<Void>> running = Stream.of(0, 1)
                .map(i -> CompletableFuture.runAsync(() -> {
                    InferenceSession own = session.fork();
                    Tensor expected = eager(network, inputs[i]);
                    for (int n = 0; n < 20; n++) {
                        assertClose(own.call(inputs[i]), expected);
                    }
                }))
                .toList();
        running.forEach(CompletableFuture::join);
    }

    @Test
    void leavesTheListenerAlone() {
        int[] seen = new int[1];
        dev.retort.tensor.Engine.ExecutionListener mine = (op, in, out, nanos) -> seen[0]++;
        dev.retort.tensor.Engine.listener(mine);
        try {
            Linear network = new Linear(3, 2, new Rng(1));
            network.eval();
            InferenceSession.of(network, Tensor.ones(1, 3));
            assertThat(dev.retort.tensor.Engine.listener()).isSameAs(mine);
            assertThat(seen[0]).isPositive();
        } finally {
            dev.retort.tensor.Engine.listener(null);
        }
    }

    @Test
    void sessionsAreMadeInSeveralThreadsAtATime() {
        Engine.ExecutionListener before = Engine.listener();
        List<CompletableFuture<Void>> makers = IntStream.range(0, 3)
                .mapToObj(seed -> CompletableFuture.runAsync(() -> {
                    Layer network = new Mlp(Mlp.Config.of(6, 3, 5), new Rng(seed));
                    network.eval();
                    Tensor x = Random.normal(new Rng(seed), 2, 6);
                    for (int i = 0; i < 40; i++) {
                        assertThat(InferenceSession.of(network, x).ops()).isNotEmpty();
                    }
                }))
                .toList();
        makers.forEach(CompletableFuture::join);
        assertThat(Engine.listener()).as("none is left behind").isSameAs(before);
    }
}
