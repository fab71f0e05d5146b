package dev.retort.nn.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.transformer.DecoderContext;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;

class NarrowWeightsTest {
    private static Tensor quietly(java.util.function.Supplier<Tensor> call) {
        try (var _ = Autograd.noGrad()) {
            return call.get();
        }
    }

    @Test
    void errorsAreThoseOfRoundingTheWeights() {
        Rng rng = new Rng(1);
        int inputs = 300;
        Linear layer = new Linear(inputs, 70, rng);
        layer.eval();
        for (int rows : new int[] {1, 9}) {
            Tensor x = Random.normal(rng, rows, inputs);
            NarrowWeights.drop(layer);
            float[] exact = quietly(() -> layer.call(x)).toFloats();
            double[] sumOfInputs = x.abs().sum(1).toDoubles();
            float[] weights = layer.weight().tensor().toFloats();
            double largest = 0;
            for (float w : weights) {
                largest = Math.max(largest, Math.abs(w));
            }
            long bf16 = NarrowWeights.use(layer, WeightPrecision.BF16);
            float[] half = quietly(() -> layer.call(x)).toFloats();
            long int8 = NarrowWeights.use(layer, WeightPrecision.INT8);
            float[] bytes = quietly(() -> layer.call(x)).toFloats();
            for (int i = 0; i < exact.length; i++) {
                double inputsOfRow = sumOfInputs[i / 70];
                assertThat((double) half[i]).isCloseTo(exact[i], within(inputsOfRow * largest * 0x1p-9 + 1e-5));
                assertThat((double) bytes[i]).isCloseTo(exact[i], within(inputsOfRow * largest / 254 + 1e-5));
            }
            assertThat(half).isNotEqualTo(exact);
            assertThat(bytes).isNotEqualTo(half);
            assertThat(bf16).isEqualTo(2L * inputs * 70 + 4 * 70);
            assertThat(int8).isEqualTo((long) inputs * 70 + 4 * 70);
        }
    }

    @Test
    void trainingAndGradientsSeeTheWeightsThemselves() {
        Rng rng = new Rng(1);
        Linear layer = new Linear(20, 3, rng);
        layer.eval();
        Tensor x = Random.normal(rng, 2, 20);
        float[] exact = layer.call(x).toFloats();
        NarrowWeights.use(layer, WeightPrecision.INT8);
        assertThat(layer.call(x).toFloats()).isEqualTo(exact); // recording
        layer.train();
        assertThat(quietly(() -> layer.call(x)).toFloats()).isEqualTo(exact);
        layer.eval();
        assertThat(quietly(() -> layer.call(x)).toFloats()).isNotEqualTo(exact);
    }

    @Test
    void aDecoderWithBytesPredictsAlmostTheSame() {
        Gpt2 network = new Gpt2(Gpt2.Config.of(50, 32, 64, 3, 4), new Rng(2));
        network.eval();
        Tensor ids = Tensor.of(new long[] {3, 14, 15, 9, 26, 5, 35, 8}, 1, 8);
        Tensor exact = quietly(() -> network.next(ids, DecoderContext.of(network.cache(16))));
        for (WeightPrecision precision : WeightPrecision.values()) {
            NarrowWeights.use(network, precision);
            Tensor close = quietly(() -> network.next(ids, DecoderContext.of(network.cache(16))));
            double off = close.sub(exact).square().mean().sqrt().item();
            double size = exact.square().mean().sqrt().item();
            assertThat(off / size).as(precision.name()).isPositive().isLessThan(0.02);
        }
    }

    @Test
    void aSessionRunsTheNarrowOps() {
        Rng rng = new Rng(1);
        Linear layer = new Linear(20, 3, rng);
        layer.eval();
        NarrowWeights.use(layer, WeightPrecision.BF16);
        Tensor x = Random.normal(rng, 2, 20);
        InferenceSession session = InferenceSession.of(layer, x);
        assertThat(session.ops()).containsExactly("quantized_linear");
        assertThat(session.call(x).toFloats())
                .isEqualTo(quietly(() -> layer.call(x)).toFloats());
    }
}
