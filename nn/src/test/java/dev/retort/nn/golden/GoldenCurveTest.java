package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.optim.SGD;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/// Ten training steps in float32 give PyTorch's losses and end at PyTorch's weights.
class GoldenCurveTest {
    @Test
    void mlpWithMomentum() {
        Layer model = new Mlp(Mlp.Config.of(12, 3, 16, 8), new Rng(1));
        train(
                "curve_mlp",
                model,
                new SGD(
                        model.namedParameters(),
                        SGD.Config.of(0.1).withMomentum(0.9).withWeightDecay(1e-3)));
    }

    @Test
    void cnnWithBatchNormAndAdamW() {
        Layer model = new SmallCnn(SmallCnn.Config.of(2, 3, 6, 8), new Rng(1));
        train(
                "curve_cnn",
                model,
                new AdamW(model.namedParameters(), Adam.Config.of(0.01).withWeightDecay(0.01)));
    }

    private static void train(String name, Layer model, Optimizer optimizer) {
        model.loadStateDict(Golden.under(name + "/state/"));
        Tensor x = Golden.get(name + "/in/x");
        Tensor y = Golden.get(name + "/in/y");
        float[] expected = Golden.get(name + "/out/losses").toFloats();
        for (int step = 0; step < expected.length; step++) {
            optimizer.zeroGrad();
            Tensor loss = Losses.crossEntropy(model.call(x), y).mean();
            loss.backward();
            optimizer.step();
            assertThat(loss.item()).as("step " + step).isCloseTo(expected[step], Offset.offset(2e-5));
        }
        assertThat(expected[expected.length - 1]).isLessThan(expected[0]);
        Golden.under(name + "/after/")
                .forEach((key, tensor) ->
                        Golden.assertClose(key, model.stateDict().get(key), tensor, 2e-4));
    }
}
