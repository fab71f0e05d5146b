package dev.retort.bench.peers;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.optim.SGD;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.function.DoubleSupplier;

/// Main class of a fresh process that trains ResNet-20 for a few seconds and prints when each step
/// was done, in milliseconds since the JVM started.
public final class FirstStep {
    private static final int BATCH = 128;
    private static final int CLASSES = 10;
    /// How long a process goes on after its first step.
    static final double SECONDS = 12;
    /// The same in a quick comparison.
    static final double QUICK_SECONDS = 8;

    private FirstStep() {}

    /// Runs steps for as many seconds as the only argument says.
    public static void main(String[] arguments) {
        ParentWatch.start();
        Rng rng = new Rng(1);
        CifarResNet network = new CifarResNet(CifarResNet.Config.of(20, CLASSES), rng);
        SGD optimizer = new SGD(network.namedParameters(), SGD.Config.of(0.01).withMomentum(0.9));
        Tensor input = Random.normal(rng, BATCH, 3, 32, 32);
        long[] labels = new long[BATCH];
        for (int i = 0; i < BATCH; i++) {
            labels[i] = i % CLASSES;
        }
        Tensor target = Tensor.of(labels);
        report(
                () -> {
                    optimizer.zeroGrad();
                    Tensor loss = CrossEntropy.defaults()
                            .of(network.call(input), target)
                            .mean();
                    Autograd.backward(loss, GradOptions.defaults().withRelease()); // as the training loops here do
                    optimizer.step();
                    return loss.item();
                },
                Double.parseDouble(arguments[0]));
    }

    /// Runs `step` until `seconds` after its first call and prints a line with the time at which each call was done.
    public static void report(DoubleSupplier step, double seconds) {
        long[] done = new long[10_000];
        int count = 0;
        long first = 0;
        while (count < done.length && (count < 2 || (done[count - 1] - first) * 1e-9 < seconds)) {
            var _ = step.getAsDouble();
            done[count] = System.nanoTime();
            first = done[0];
            count++;
        }
        // Asked for only now: the class that knows the start of the JVM takes time to load.
        long start = java.lang.management.ManagementFactory.getRuntimeMXBean().getStartTime();
        long now = System.nanoTime();
        double sinceStart = System.currentTimeMillis() - start;
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < count; i++) {
            line.append(String.format(
                    java.util.Locale.ROOT, i == 0 ? "%.1f" : " %.1f", sinceStart - (now - done[i]) * 1e-6));
        }
        System.out.println(DuelProcess.MARK + "steps " + line);
        System.out.flush();
    }
}
