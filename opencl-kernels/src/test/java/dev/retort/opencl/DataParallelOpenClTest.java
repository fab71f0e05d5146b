package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Layer;
import dev.retort.nn.data.Batch;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.train.DataParallel;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// One network on several devices: the same device opened twice, and two devices of one driver.
class DataParallelOpenClTest {
    private static Device device;

    @BeforeAll
    static void open() {
        device = TestDevice.required();
    }

    private static Layer mlp() {
        return new Mlp(new Mlp.Config(12, List.of(32, 16), 10, 0), new Rng(1));
    }

    private static Layer cnn() {
        return new SmallCnn(SmallCnn.Config.of(1, 10, 4, 8, 8), new Rng(1));
    }

    private static Batch batch(int... shape) {
        long[] labels = IntStream.range(0, shape[0]).mapToLong(i -> i % 10).toArray();
        int[] indices = IntStream.range(0, shape[0]).toArray();
        return new Batch(Random.normal(new Rng(5), shape), Tensor.of(labels), indices, 0, 0);
    }

    private static double[] losses(Supplier<Layer> net, Batch batch, int steps, Device... devices) {
        Layer model = net.get();
        DataParallel<Layer> parallel = new DataParallel<>(model, net, List.of(devices));
        AdamW optimizer = new AdamW(model.namedParameters(), Adam.Config.of(0.003));
        double[] losses = new double[steps];
        for (int i = 0; i < steps; i++) {
            Loss loss = parallel.backward(
                    batch, (own, part) -> Losses.crossEntropy(own.call(part.inputs()), part.targets()));
            optimizer.step();
            losses[i] = loss.mean().item();
        }
        assertThat(model.device()).isEqualTo(devices[0]);
        return losses;
    }

    /// Two devices with 9 and 8 rows, one of which takes other tiles: the loss curve of one device with 17, as close as
    /// `F32` sums in another order are.
    @Test
    void twoDevicesTrainAsOneWithTheWholeBatch() {
        Batch batch = batch(17, 12);
        double[] one = losses(DataParallelOpenClTest::mlp, batch, 8, device);
        double[] two = losses(DataParallelOpenClTest::mlp, batch, 8, device, SmallProvider.DEVICE);

        assertThat(two).containsExactly(one, within(1e-4));
        assertThat(one[7]).isLessThan(one[0]);
        assertThat(losses(DataParallelOpenClTest::mlp, batch, 8, device, SmallProvider.DEVICE))
                .as("the same bits again")
                .isEqualTo(two);
    }

    /// Batch norm by shares is the same mathematics on any device: two replicas on the host are the oracle for two
    /// on the device.
    @Test
    void batchNormByShares() {
        Batch batch = batch(11, 1, 8, 8);
        double[] host = losses(DataParallelOpenClTest::cnn, batch, 5, Device.CPU, Device.CPU);
        double[] there = losses(DataParallelOpenClTest::cnn, batch, 5, device, device);

        assertThat(there).containsExactly(host, within(2e-3 * host[0]));
    }

    /// Two devices of one driver, in a process of its own: PoCL offers as many as it is told to.
    @Test
    void twoDevicesOfADriver() throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx512m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        OtherProcess.class.getName())
                .redirectErrorStream(true);
        builder.environment().put("POCL_DEVICES", "pthread pthread");
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(text).isZero();
    }

    /// What the process runs.
    static final class OtherProcess {
        private OtherProcess() {}

        /// Compares a loss curve on `opencl:0` with one on `opencl:0` and `opencl:1`.
        public static void main(String[] args) {
            Device first = TestDevice.required();
            int found = new OpenClProvider().backends().size();
            Device second = new Device("opencl", found > 1 ? 1 : 0); // drivers other than PoCL offer what there is
            Batch batch = batch(7, 12);
            double[] one = losses(DataParallelOpenClTest::mlp, batch, 3, first);
            double[] two = losses(DataParallelOpenClTest::mlp, batch, 3, first, second);
            for (int i = 0; i < one.length; i++) {
                if (!(Math.abs(one[i] - two[i]) < 1e-4)) {
                    System.err.println("step " + i + ": " + one[i] + " on one device, " + two[i] + " on two");
                    System.exit(1);
                }
            }
            System.err.println(found + " devices");
            System.exit(0);
        }
    }
}
