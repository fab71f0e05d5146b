package dev.retort.bench.text;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.bench.CommandException;
import dev.retort.distill.teacher.Fingerprint;
import dev.retort.nn.data.Batch;
import dev.retort.nn.data.DataLoader;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.nn.loss.Loss;
import dev.retort.nn.optim.AdamW;
import dev.retort.nn.optim.Gradients;
import dev.retort.nn.optim.LrScheduler;
import dev.retort.nn.optim.Schedule;
import dev.retort.nn.text.TokenBlocks;
import dev.retort.nn.text.Tokenizer;
import dev.retort.nn.train.Checkpoint;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.Device;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleConsumer;

/// Training of a language model that can be stopped and gone on with.
final class LanguageTraining {
    private static final double CLIP = 1;
    private static final double VALIDATION_SHARE = 0.1;
    private static final int CHECKPOINT_STEPS = 200;
    private static final int WARMUP = 50;

    private final LanguageModel model;
    private final Settings settings;
    private final AdamW optimizer;
    private final LrScheduler schedule;
    private final DataLoader loader;
    private final int[] validation;
    private final String key;

    /// How long and how fast.
    ///
    /// @param steps optimiser steps
    /// @param batch sequences a step
    /// @param lr    peak learning rate
    /// @param seed  key of weights and order
    record Settings(int steps, int batch, double lr, long seed) {}

    /// Checks that the training part of a text holds one sequence and the token that follows.
    ///
    /// @throws CommandException if not
    static void requireEnough(int tokens, int context) {
        int training = TokenBlocks.split(new int[tokens], VALIDATION_SHARE)[0].length;
        if (training <= context) {
            throw new CommandException("train-lm: expects more than --context " + context
                    + " tokens in the training part of the text, got " + training + " of " + tokens);
        }
    }

    /// A run on a device, which is no part of what makes it the same run.
    LanguageTraining(LanguageModel.Shape shape, Tokenizer tokenizer, int[] tokens, Settings settings, Device device) {
        this.settings = settings;
        Gpt2 net = new Gpt2(shape.config(tokenizer.size()), new Rng(settings.seed));
        net.to(device);
        model = new LanguageModel(shape, tokenizer, net);
        key = shape + "; " + settings + "; tokens " + Fingerprint.of(Arrays.toString(tokens));
        int[][] parts = TokenBlocks.split(tokens, VALIDATION_SHARE);
        validation = parts[1];
        optimizer = new AdamW(net.namedParameters(), AdamW.config(settings.lr));
        schedule = new LrScheduler(optimizer, Schedule.cosine(WARMUP, Math.max(WARMUP + 1, settings.steps), 0.1));
        TokenBlocks blocks = new TokenBlocks(parts[0], shape.context(), Math.max(1, shape.context() / 2));
        loader = new DataLoader(
                blocks,
                DataLoader.Config.training(settings.batch, settings.seed).withDropLast(blocks.size() > settings.batch));
    }

    LanguageModel model() {
        return model;
    }

    long step() {
        return schedule.steps();
    }

    private Checkpoint checkpoint(Path path) {
        return new Checkpoint(path)
                .with("model", model.model())
                .with("optimizer", optimizer)
                .with("schedule", schedule)
                .with("loader", loader);
    }

    /// Goes on from a checkpoint, if there is one.
    ///
    /// @throws CommandException if it is of another text, network or setting
    void resume(Path path) throws IOException {
        Checkpoint checkpoint = checkpoint(path);
        Optional<Json.Obj> notes = checkpoint.notes();
        if (notes.isEmpty()) {
            return;
        }
        Json run = notes.get().members().get("run");
        String found = run == null ? "no run" : run.asText();
        if (!found.equals(key)) {
            throw new CommandException("train-lm: " + path + " holds another run; expected " + key + ", got " + found
                    + "; delete it, or choose another --out");
        }
        checkpoint.load();
    }

    /// Trains to the last step, or until `stop` says so; then the checkpoint is written, and false returned.
    boolean run(Path path, DoubleConsumer progress, BooleanSupplier stop) throws IOException {
        model.model().train();
        Iterator<Batch> batches = loader.iterator();
        while (step() < settings.steps) {
            if (!batches.hasNext()) {
                batches = loader.iterator();
            }
            progress.accept(step(batches.next()));
            boolean stopped = stop.getAsBoolean();
            if (stopped || step() % CHECKPOINT_STEPS == 0) {
                checkpoint(path).save(Map.of("step", step(), "run", key));
            }
            if (stopped && step() < settings.steps) {
                return false;
            }
        }
        return true;
    }

    private double step(Batch batch) {
        optimizer.zeroGrad();
        Tensor loss = loss(batch).mean();
        loss.backward();
        double value = loss.item();
        if (!Double.isFinite(value)) {
            throw new CommandException("train-lm: the loss is " + value + " in step " + (step() + 1)
                    + " at a learning rate of " + (float) optimizer.lr() + "; a lower --lr may help");
        }
        Gradients.clipNorm(model.model().parameters(), CLIP);
        optimizer.step();
        schedule.step();
        return value;
    }

    private Loss loss(Batch batch) {
        Device device = model.model().device();
        Tensor logits = model.model().call(batch.inputs().to(device));
        int rows = logits.size(0) * logits.size(1);
        return CrossEntropy.defaults()
                .of(
                        logits.reshape(rows, logits.size(2)),
                        batch.targets().reshape(rows).to(device));
    }

    /// Nats a token on the last part of the text; NaN if that is shorter than the context.
    double validationLoss() {
        int context = model.shape().context();
        if (validation.length <= context) {
            return Double.NaN;
        }
        model.model().eval();
        double sum = 0;
        double count = 0;
        DataLoader blocks =
                new DataLoader(new TokenBlocks(validation, context), DataLoader.Config.evaluation(settings.batch));
        try (GradScope _ = Autograd.noGrad()) {
            for (Batch batch : blocks) {
                Loss loss = loss(batch);
                sum += loss.sum().item();
                count += loss.count();
            }
        }
        return sum / count;
    }
}
