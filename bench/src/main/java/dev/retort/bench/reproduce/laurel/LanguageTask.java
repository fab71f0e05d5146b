package dev.retort.bench.reproduce.laurel;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.optim.Adam;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Schedule;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.nn.transformer.Llama;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The paper's Table 5 in small: a decoder on characters, all models with the same tokens in the same
/// order.
///
/// @param text   what is learned
/// @param sizes  of model and training
/// @param models which are compared
record LanguageTask(CharText text, Sizes sizes, List<String> models) implements Task {
    private static final long BATCHES = 1;
    private static final long WEIGHTS = 2;
    private static final double WEIGHT_DECAY = 0.1;
    private static final double CLIP = 1;
    private static final double BETA2 = 0.99;
    private static final int WARM_UP_PART = 20;
    private static final int VALIDATION_BATCHES = 24;

    /// Sizes of model and training.
    ///
    /// @param layers  of the baseline
    /// @param width   features of the stream
    /// @param heads   of attention
    /// @param context characters of a window
    /// @param batch   windows of a step
    /// @param steps   of the training
    /// @param lr      peak learning rate of AdamW
    record Sizes(int layers, int width, int heads, int context, int batch, int steps, double lr) {}

    @Override
    public String name() {
        return "language";
    }

    @Override
    public Map<String, String> configuration() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("text", text.description());
        all.put(
                "decoder",
                sizes.layers + " layers of width " + sizes.width + ", " + sizes.heads
                        + " heads, RMS norm, rotary positions, SwiGLU, context " + sizes.context);
        all.put(
                "language training",
                sizes.steps + " steps of " + sizes.batch + " windows, AdamW (0.9, " + BETA2 + "), peak " + sizes.lr
                        + " along a cosine, weight decay " + WEIGHT_DECAY + " on matrices outside of connections, clip "
                        + CLIP);
        return all;
    }

    Llama create(String model, long seed) {
        boolean deeper = model.equals(DEEPER);
        int hidden = (8 * sizes.width / 3 + 7) / 8 * 8;
        Llama.Config config = Llama.Config.of(
                text.vocabulary(),
                sizes.context,
                sizes.width,
                sizes.layers + (deeper ? 1 : 0),
                sizes.heads,
                sizes.heads,
                hidden);
        ResidualSpec residual = ResidualSpec.parse(deeper ? "plain" : model);
        return new Llama(config.withResidual(residual), new Rng(seed).fork(WEIGHTS));
    }

    Tensor loss(Llama model, CharText.Batch batch) {
        Tensor logits = model.call(batch.inputs());
        return CrossEntropy.defaults()
                .of(logits.flatten(0, 1), batch.targets().flatten(0))
                .mean();
    }

    CharText.Batch batch(long seed, long step) {
        return text.random(
                sizes.batch, sizes.context, new Rng(seed).fork(BATCHES).fork(step));
    }

    ResumableTraining training(Llama model, long seed) {
        AdamW optimizer = new AdamW(
                ResumableTraining.groups(model, WEIGHT_DECAY),
                Adam.Config.of(sizes.lr).withBetas(0.9, BETA2));
        LrScheduler schedule =
                new LrScheduler(optimizer, Schedule.cosine(sizes.steps / WARM_UP_PART, Math.max(2, sizes.steps), 0.1));
        return new ResumableTraining(
                model, step -> loss(model, batch(seed, step)), optimizer, schedule, CLIP, sizes.steps);
    }

    @Override
    public Map<String, Double> run(String model, long seed, CellRun run) throws IOException {
        Llama network = create(model, seed);
        ResumableTraining.Trace trace = training(network, seed).run(run.scratch(), run);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("validation_loss", validationLoss(network));
        metrics.put("parameters", (double) network.parameterCount());
        if (Double.isFinite(trace.seconds())) {
            metrics.put("step_seconds", trace.seconds());
        }
        return metrics;
    }

    private double validationLoss(Llama network) {
        network.eval();
        double sum = 0;
        try (GradScope _ = Autograd.noGrad()) {
            for (int part = 0; part < VALIDATION_BATCHES; part++) {
                sum += loss(network, text.validation(part, VALIDATION_BATCHES, sizes.batch, sizes.context))
                        .item();
            }
        }
        return sum / VALIDATION_BATCHES;
    }
}
