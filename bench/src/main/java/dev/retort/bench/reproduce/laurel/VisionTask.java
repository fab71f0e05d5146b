package dev.retort.bench.reproduce.laurel;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.SGD;
import dev.retort.nn.optim.Schedule;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The paper's Table 1 and Figure 3 in small: a CIFAR ResNet on small pictures.
///
/// @param train   pictures to learn from
/// @param test    pictures to be judged on
/// @param data    what they are
/// @param classes number of classes
/// @param sizes   of model and training
/// @param models  which are compared
record VisionTask(Pictures train, Pictures test, String data, int classes, Sizes sizes, List<String> models)
        implements Task {
    private static final long BATCHES = 1;
    private static final long WEIGHTS = 2;
    private static final double MOMENTUM = 0.9;
    private static final double WEIGHT_DECAY = 5e-4;
    private static final int WARM_UP_PART = 20;
    private static final int TEST_BATCH = 250;

    /// Sizes of model and training.
    ///
    /// @param depth  6n + 2
    /// @param widths channels of the three stages
    /// @param batch  pictures of a step
    /// @param epochs passes over the pictures
    /// @param lr     peak learning rate of SGD
    record Sizes(int depth, List<Integer> widths, int batch, int epochs, double lr) {}

    @Override
    public String name() {
        return "vision";
    }

    @Override
    public Map<String, String> configuration() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("pictures", data + ", " + train.size() + " to train, " + test.size() + " to test");
        all.put("resnet", "depth " + sizes.depth + ", widths " + sizes.widths + ", padded shortcuts");
        all.put(
                "vision training",
                sizes.epochs + " epochs, batch " + sizes.batch + ", SGD with Nesterov momentum " + MOMENTUM + ", peak "
                        + sizes.lr + " along a cosine, weight decay " + WEIGHT_DECAY
                        + " on kernels outside of connections, shifts by 2 and mirroring");
        return all;
    }

    CifarResNet create(String model, long seed) {
        CifarResNet.Config config = CifarResNet.Config.of(sizes.depth, classes)
                .withInputChannels(train.channels())
                .withWidths(sizes.widths.getFirst(), sizes.widths.toArray(Integer[]::new));
        // the paper's extra layer, by its parameter count, is one more block of the second last stage
        config = model.equals(DEEPER) ? config.withExtraBlock(1) : config.withResidual(ResidualSpec.parse(model));
        return new CifarResNet(config, new Rng(seed).fork(WEIGHTS));
    }

    int steps() {
        return Math.max(1, train.size() / sizes.batch) * sizes.epochs;
    }

    Tensor loss(CifarResNet model, long seed, long step) {
        Pictures.Batch batch = train.training(step, sizes.batch, new Rng(seed).fork(BATCHES));
        return CrossEntropy.defaults()
                .of(model.call(batch.inputs()), batch.targets())
                .mean();
    }

    ResumableTraining training(CifarResNet model, long seed) {
        SGD optimizer = new SGD(
                ResumableTraining.groups(model, WEIGHT_DECAY),
                SGD.Config.of(sizes.lr).withMomentum(MOMENTUM).withNesterov());
        int steps = steps();
        LrScheduler schedule = new LrScheduler(optimizer, Schedule.cosine(steps / WARM_UP_PART, Math.max(2, steps), 0));
        return new ResumableTraining(model, step -> loss(model, seed, step), optimizer, schedule, 0, steps);
    }

    @Override
    public Map<String, Double> run(String model, long seed, CellRun run) throws IOException {
        CifarResNet network = create(model, seed);
        ResumableTraining.Trace trace = training(network, seed).run(run.scratch(), run);
        Map<String, Double> metrics = new LinkedHashMap<>();
        judge(network, metrics);
        metrics.put("parameters", (double) network.parameterCount());
        if (Double.isFinite(trace.seconds())) {
            metrics.put("step_seconds", trace.seconds());
        }
        return metrics;
    }

    private void judge(CifarResNet network, Map<String, Double> metrics) {
        network.eval();
        double hits = 0;
        double loss = 0;
        try (GradScope _ = Autograd.noGrad()) {
            for (int start = 0; start < test.size(); start += TEST_BATCH) {
                Pictures.Batch batch = test.range(start, Math.min(test.size(), start + TEST_BATCH));
                Tensor logits = network.call(batch.inputs());
                hits += logits.argmax(1).eq(batch.targets()).sum().item();
                loss += CrossEntropy.defaults()
                        .of(logits, batch.targets())
                        .sum()
                        .item();
            }
        }
        metrics.put("accuracy", hits / test.size());
        metrics.put("test_loss", loss / test.size());
    }
}
