package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.loss.Losses;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Mean losses and gradients of the logits are PyTorch's.
class GoldenLossTest {
    private interface Function {
        Loss of(Tensor x, Tensor y);
    }

    @TestFactory
    Stream<DynamicTest> lossesAgreeWithPyTorch() {
        CrossEntropy all = CrossEntropy.defaults()
                .withClassWeights(Golden.get("loss_weights"))
                .withLabelSmoothing(0.1);
        Map<String, Function> losses = new LinkedHashMap<>();
        losses.put("cross_entropy", Losses::crossEntropy);
        losses.put("cross_entropy_all", all::of);
        losses.put("cross_entropy_soft", all::of);
        losses.put("cross_entropy_spatial", Losses::crossEntropy);
        losses.put("kl_div", (z, p) -> Losses.klDiv(z.logSoftmax(1), p));
        losses.put("mse", Losses::mse);
        losses.put("l1", Losses::l1);
        losses.put("smooth_l1", (x, y) -> Losses.smoothL1(x, y, 0.5));
        losses.put("bce", Losses::bceWithLogits);
        return losses.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    Tensor x = Golden.get(entry.getKey() + "/in/0").requiresGrad(true);
                    Tensor mean = entry.getValue()
                            .of(x, Golden.get(entry.getKey() + "/in/1"))
                            .mean();
                    mean.backward();
                    Golden.assertClose("loss", mean, Golden.get(entry.getKey() + "/out/0"), 1e-12);
                    Golden.assertClose("gradient", x.grad(), Golden.get(entry.getKey() + "/grad/0"), 1e-12);
                }));
    }

    @Test
    void halvesOfABatchAddUpToTheWhole() {
        Tensor z = Golden.get("cross_entropy/in/0");
        Tensor y = Golden.get("cross_entropy/in/1");
        Loss parts = Losses.crossEntropy(z.narrow(0, 0, 2), y.narrow(0, 0, 2))
                .plus(Losses.crossEntropy(z.narrow(0, 2, 4), y.narrow(0, 2, 4)));
        assertThat(parts.count()).isEqualTo(5); // one row is ignored
        Golden.assertClose("mean", parts.mean(), Losses.crossEntropy(z, y).mean(), 1e-14);
    }

    @Test
    void rowsThatAreAllIgnoredGiveZeroAndNotNaN() {
        Tensor z = Tensor.zeros(2, 3).requiresGrad(true);
        Loss loss = Losses.crossEntropy(z, Tensor.of(new long[] {-100, -100}));
        loss.mean().backward();
        assertThat(loss.mean().item()).isZero();
        assertThat(z.grad().toFloats()).containsOnly(0);
    }
}
