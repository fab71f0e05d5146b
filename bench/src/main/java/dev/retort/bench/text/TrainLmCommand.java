package dev.retort.bench.text;

import dev.retort.bench.CommandException;
import dev.retort.bench.OutputFile;
import dev.retort.bench.StopSignal;
import dev.retort.bench.Terminal;
import dev.retort.bench.ThreadsOption;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.nn.text.BytePairTrainer;
import dev.retort.nn.text.CharacterTokenizer;
import dev.retort.nn.text.Tokenizer;
import dev.retort.nn.train.ProgressBar;
import dev.retort.tensor.Device;
import dev.retort.tensor.io.AtomicFile;
import dev.retort.tensor.io.InputFile;
import dev.retort.tensor.io.SoleUse;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `retort train-lm`: a GPT on a text file.
@Command(
        name = "train-lm",
        description = {
            "Train a GPT on a text file, by characters or byte pairs; the last tenth of the text is for validation.",
            "Ctrl-C saves a checkpoint, and the same command goes on from it.",
            "Example: retort train-lm --in shakespeare.txt --out model.safetensors"
        })
public final class TrainLmCommand implements Callable<Integer> {
    private static final double MIB = 1 << 20;

    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Option(names = "--in", required = true, paramLabel = "FILE", description = "A text file (UTF-8).")
    private @Nullable Path in;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "The model (.safetensors).")
    private @Nullable Path out;

    @Option(names = "--bpe", defaultValue = "0", description = "Tokens of a byte-pair encoding; 0 for characters.")
    private int bpe;

    @Option(names = "--context", defaultValue = "128", description = "Positions (default: ${DEFAULT-VALUE}).")
    private int context;

    @Option(names = "--width", defaultValue = "128", description = "Features (default: ${DEFAULT-VALUE}).")
    private int width;

    @Option(names = "--layers", defaultValue = "4", description = "Blocks (default: ${DEFAULT-VALUE}).")
    private int layers;

    @Option(names = "--heads", defaultValue = "4", description = "Attention heads (default: ${DEFAULT-VALUE}).")
    private int heads;

    @Option(
            names = "--residual",
            defaultValue = "plain",
            description = "Residual connections, such as laurel-rw+lr:rank=8 (default: ${DEFAULT-VALUE}).")
    private String residual = "plain";

    @Option(names = "--steps", defaultValue = "1000", description = "Optimiser steps (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--batch", defaultValue = "16", description = "Sequences a step (default: ${DEFAULT-VALUE}).")
    private int batch;

    @Option(names = "--lr", defaultValue = "0.001", description = "Peak learning rate (default: ${DEFAULT-VALUE}).")
    private double lr;

    @Option(names = "--seed", defaultValue = "1", description = "Key of weights and order (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "cpu, opencl, opencl:INDEX or opencl:NAME (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Override
    public Integer call() throws Exception {
        if (spec == null || in == null || out == null) {
            throw new IllegalStateException("train-lm: run by picocli, which fills these in");
        }
        checkOptions();
        Device chosen = DeviceChoice.parse(device);
        OutputFile.check(out, in);
        PrintWriter printer = spec.commandLine().getOut();
        String text = InputFile.text(in);
        if (text.isEmpty()) {
            throw new CommandException("train-lm: expects a text in " + in + ", got an empty file");
        }
        Tokenizer tokenizer = bpe == 0 ? CharacterTokenizer.of(text) : BytePairTrainer.train(List.of(text), bpe);
        int[] tokens = tokenizer.encodePlain(text);
        LanguageTraining.requireEnough(tokens.length, context);
        LanguageModel.Shape shape = new LanguageModel.Shape(context, width, layers, heads, residual);
        requireMemory(shape, tokenizer.size(), tokens.length);
        LanguageTraining training = new LanguageTraining(
                shape, tokenizer, tokens, new LanguageTraining.Settings(steps, batch, lr, seed), chosen);
        // Another process would replace this one's checkpoint, and train the same or something else for nothing.
        Path lock = out.toAbsolutePath().resolveSibling("." + out.getFileName() + ".lock");
        Files.createDirectories(Objects.requireNonNull(lock.getParent()));
        try (SoleUse use = SoleUse.of(lock)) {
            if (use == null) {
                throw new CommandException("train-lm: another process is training " + out);
            }
            return train(training, printer, out);
        }
    }

    private int train(LanguageTraining training, PrintWriter printer, Path model) throws IOException {
        try (ProgressBar bar = Terminal.progressBar();
                StopSignal stop = StopSignal.install()) {
            boolean done = run(training, bar, stop);
            if (!done) {
                printer.println("stopped at step " + training.step() + "; the same command goes on from there");
                return 1;
            }
        }
        training.model().save(model);
        AtomicFile.delete(checkpoint());
        printer.printf(
                Locale.ROOT,
                "validation loss %.4f nats a token, %,d parameters; wrote %s%n",
                training.validationLoss(),
                training.model().model().parameterCount(),
                model);
        return 0;
    }

    /// Before the text is read and the network made.
    private void checkOptions() {
        atLeastOne("--steps", steps);
        atLeastOne("--batch", batch);
        atLeastOne("--context", context);
        atLeastOne("--layers", layers);
        atLeastOne("--width", width);
        atLeastOne("--heads", heads);
        if (bpe < 0) {
            throw new CommandException("--bpe: expected at least 0, got " + bpe);
        }
        if (!(lr > 0) || Double.isInfinite(lr)) {
            throw new CommandException("--lr: expected a positive rate, got " + lr);
        }
    }

    private static void atLeastOne(String option, int value) {
        if (value < 1) {
            throw new CommandException(option + ": expected at least 1, got " + value);
        }
    }

    /// Sizes that no heap holds are refused before it is filled. Counted is what is there at the same time at least:
    /// of each weight itself, its gradient and two moments; of each position the logits and their gradient.
    private void requireMemory(LanguageModel.Shape shape, int vocabulary, int tokens) {
        double weights = 4.0 * Float.BYTES * shape.leastWeights(vocabulary);
        double sequences = Math.min(batch, Math.ceil(2.0 * tokens / context));
        double logits = 2.0 * Float.BYTES * sequences * context * vocabulary;
        long heap = Runtime.getRuntime().maxMemory();
        if (weights + logits > heap) {
            throw new CommandException(String.format(
                    Locale.ROOT,
                    "train-lm: --width %d, --layers %d and --context %d with %d tokens need at least %,.0f MiB for"
                            + " weights, and --batch %d %,.0f MiB for logits; expected what a heap of %,d MiB holds"
                            + " (RETORT_JAVA_OPTS=-Xmx12g allows more)",
                    width,
                    layers,
                    context,
                    vocabulary,
                    weights / MIB,
                    batch,
                    logits / MIB,
                    heap >> 20));
        }
    }

    private Path checkpoint() {
        Path target = Objects.requireNonNull(out);
        return target.resolveSibling(target.getFileName() + ".checkpoint");
    }

    private boolean run(LanguageTraining training, ProgressBar bar, StopSignal stop) throws IOException {
        training.resume(checkpoint());
        bar.start("train-lm", steps, "steps");
        bar.advance(training.step(), "");
        return training.run(
                checkpoint(), loss -> bar.advance(1, String.format(Locale.ROOT, "loss %.3f", loss)), stop::isRequested);
    }
}
