package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.GradScaler;
import dev.retort.nn.optim.Optimizer;
import dev.retort.nn.train.Evaluation;
import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.Autocast;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The main job's networks, trained on the device and on the CPU from the same weights and data.
class TrainingOpenClTest {
    /// Rounding differs in the last bits of `F32`, and training magnifies that slowly.
    private static final double TOLERANCE = 2e-3;

    @Test
    void aSmallCnnHasTheSameLossCurve() {
        assertSameCurve(() -> new SmallCnn(SmallCnn.Config.of(1, 10, 8, 16, 32), new Rng(1)), 1, 12);
    }

    @Test
    void aResNetHasTheSameLossCurve() {
        assertSameCurve(() -> new CifarResNet(CifarResNet.Config.of(8, 10).withWidths(4, 4, 8, 16), new Rng(1)), 3, 6);
    }

    /// Batches go to the model; the consumer gets them as they were loaded.
    @Test
    void evaluationMovesTheBatches() {
        Dataset images = new TensorDataset(Random.normal(new Rng(8), 30, 1, 16, 16), labels(30));
        Layer network = new SmallCnn(SmallCnn.Config.of(1, 10, 8, 16), new Rng(1));
        double expected = Evaluation.accuracy(network, images, 7);
        network.to(TestDevice.required());
        assertThat(Evaluation.accuracy(network, images, 7)).isCloseTo(expected, within(1.5 / 30));
        Evaluation.each(
                network,
                images,
                30,
                (batch, _) -> assertThat(batch.inputs().device()).isEqualTo(Device.CPU));
    }

    private interface Factory {
        Layer create();
    }

    private static void assertSameCurve(Factory network, int channels, int steps) {
        double[] expected = curve(network.create(), Device.CPU, channels, steps);
        double[] actual = curve(network.create(), TestDevice.required(), channels, steps);
        for (int i = 0; i < steps; i++) {
            assertThat(actual[i]).as("loss of step " + i).isCloseTo(expected[i], within(TOLERANCE * expected[i]));
        }
        assertThat(expected[steps - 1]).isLessThan(expected[0]);
    }

    private static double[] curve(Layer network, Device device, int channels, int steps) {
        network.to(device);
        Optimizer optimizer = new AdamW(network.namedParameters(), Adam.Config.of(0.003));
        Tensor x = Random.normal(new Rng(5), 16, channels, 16, 16).to(device);
        Tensor y = labels(16).to(device);
        double[] losses = new double[steps];
        for (int i = 0; i < steps; i++) {
            losses[i] = step(network, optimizer, x, y);
        }
        return losses;
    }

    /// Products in a half type on the device: weights stay in `F32`, and the loss falls as it does
    /// without.
    @Test
    void mixedPrecisionFollowsTheSameLossCurve() {
        double[] single = mixed(null);
        double[] brain = mixed(DType.BF16);
        double[] half = mixed(DType.F16);

        assertThat(single[11]).isLessThan(0.8 * single[0]);
        for (int i = 0; i < single.length; i++) {
            assertThat(brain[i]).as("BF16, step " + i).isCloseTo(single[i], within(0.03 * single[0]));
            assertThat(half[i]).as("F16, step " + i).isCloseTo(single[i], within(0.01 * single[0]));
        }
        assertThat(brain).isNotEqualTo(single);
    }

    private static double[] mixed(@Nullable DType half) {
        Layer network = new SmallCnn(SmallCnn.Config.of(1, 10, 8, 16, 32), new Rng(1));
        Device device = TestDevice.required();
        network.to(device);
        network.train();
        Optimizer optimizer = new AdamW(network.namedParameters(), Adam.Config.of(0.003));
        GradScaler scaler = new GradScaler(GradScaler.Config.defaults());
        Tensor x = Random.normal(new Rng(5), 16, 1, 16, 16).to(device);
        Tensor y = labels(16).to(device);
        double[] losses = new double[12];
        for (int i = 0; i < losses.length; i++) {
            optimizer.zeroGrad();
            Tensor loss;
            try (Autocast _ = Autocast.as(half)) {
                loss = Losses.crossEntropy(network.call(x), y).mean();
            }
            if (half == DType.F16) {
                scaler.scale(loss).backward();
                assertThat(scaler.step(optimizer)).isTrue();
            } else {
                loss.backward();
                optimizer.step();
            }
            losses[i] = loss.item();
        }
        return losses;
    }

    private static Tensor labels(int count) {
        long[] y = new long[count];
        for (int i = 0; i < count; i++) {
            y[i] = i % 10;
        }
        return Tensor.of(y);
    }

    private static double step(Layer network, Optimizer optimizer, Tensor x, Tensor y) {
        network.train();
        optimizer.zeroGrad();
        Tensor loss = Losses.crossEntropy(network.call(x), y).mean();
        loss.backward();
        optimizer.step();
        return loss.item();
    }

    @Test
    void aThousandStepsDoNotGrowDeviceMemory() {
        ClDevice device = TestDevice.opened();
        Mlp network = new Mlp(new Mlp.Config(32, List.of(64), 10, 0.1), new Rng(1));
        network.to(device.name());
        Optimizer optimizer = new AdamW(network.namedParameters(), Adam.Config.of(0.003));
        Tensor x = Random.normal(new Rng(5), 64, 32).to(device.name());
        Tensor y = labels(64).to(device.name());
        for (int i = 0; i < 100; i++) {
            step(network, optimizer, x, y);
        }
        long before = TestDevice.settled(device);
        for (int i = 0; i < 1000; i++) {
            step(network, optimizer, x, y);
        }
        assertThat(TestDevice.settled(device)).isLessThanOrEqualTo(before + (64 << 10));
    }
}
