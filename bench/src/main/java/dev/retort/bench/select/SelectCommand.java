package dev.retort.bench.select;

import dev.retort.bench.CommandException;
import dev.retort.bench.OutputFile;
import dev.retort.bench.ThreadsOption;
import dev.retort.distill.select.Candidates;
import dev.retort.distill.select.Selection;
import dev.retort.distill.select.Selector;
import dev.retort.tensor.Rng;
import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `retort select`: which samples to label next.
@Command(
        name = "select",
        description = {
            "Choose what to label next.",
            "Reads a student's logits (or runs a saved student on images), and writes the chosen positions with the"
                    + " probability and the score that they were chosen by."
        })
public final class SelectCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Mixin
    private final SelectOptions options = new SelectOptions();

    @Override
    public Integer call() throws IOException {
        Selector selector = Selectors.of(options.selector);
        Path file = options.out;
        if (file != null) {
            OutputFile.check(
                    file,
                    options.logits,
                    options.model,
                    options.embeddings,
                    options.labelledEmbeddings,
                    options.skip,
                    options.validationLogits,
                    options.validationLabels);
        }
        SelectInputs inputs = SelectInputs.read(options, selector);
        Candidates pool = inputs.candidates();
        Selection chosen = selector.select(pool, options.budget, new Rng(options.seed));
        SelectOutput output = new SelectOutput(chosen, inputs);
        String text = options.json ? output.json() : output.csv();
        PrintWriter out = spec.commandLine().getOut();
        if (file == null) {
            out.print(text);
            out.flush();
        } else {
            AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
            out.println(output.summary() + "\nwritten to " + file);
        }
        return 0;
    }

    /// What is wrong with a combination of options.
    static CommandException wrong(String message) {
        return new CommandException("select: " + message);
    }
}
