package dev.retort.bench.text;

import dev.retort.bench.CommandException;
import dev.retort.bench.ThreadsOption;
import dev.retort.bench.info.DeviceChoice;
import dev.retort.nn.generate.GenerationConfig;
import dev.retort.nn.generate.Generator;
import dev.retort.nn.text.IncrementalDecoder;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `retort generate`: goes on with a text.
@Command(name = "generate", description = "Go on with a text, with a model that 'retort train-lm' trained.")
public final class GenerateCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private final ThreadsOption threads = new ThreadsOption();

    @Option(names = "--model", required = true, paramLabel = "FILE", description = "A language model (.safetensors).")
    private @Nullable Path model;

    @Parameters(arity = "0..1", defaultValue = "\n", paramLabel = "PROMPT", description = "Beginning of the text.")
    private String prompt = "\n";

    @Option(names = "--tokens", defaultValue = "200", description = "Tokens written (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(names = "--temperature", defaultValue = "0.8", description = "0 for greedy (default: ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-k", defaultValue = "0", description = "Draw from the k most probable tokens; 0 for all.")
    private int topK;

    @Option(names = "--top-p", defaultValue = "1", description = "Draw from the smallest set of this probability.")
    private double topP;

    @Option(names = "--repetition-penalty", defaultValue = "1", description = "Above 1 to avoid what was said.")
    private double penalty;

    @Option(names = "--beams", defaultValue = "1", description = "Beam search with this many hypotheses.")
    private int beams;

    @Option(names = "--seed", defaultValue = "1", description = "Key of the draws (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "cpu, opencl, opencl:INDEX or opencl:NAME (default: ${DEFAULT-VALUE}).")
    private String device = "cpu";

    @Override
    public Integer call() throws Exception {
        if (spec == null || model == null) {
            throw new IllegalStateException("generate: run by picocli, which fills these in");
        }
        PrintWriter out = spec.commandLine().getOut();
        Device chosen = DeviceChoice.parse(device);
        LanguageModel loaded = LanguageModel.load(model);
        loaded.model().to(chosen);
        int[] all = loaded.tokenizer().encode(prompt).ids();
        if (all.length == 0) {
            throw new CommandException("generate: expects a prompt of characters that the model knows, got "
                    + (prompt.equals("\n") ? "a line break, which stands for no prompt" : "\"" + prompt + "\""));
        }
        config(tokens, seed); // mistakes in the options are said before anything is printed
        out.print(prompt.strip());
        try {
            write(loaded, all, out);
        } catch (OpException e) { // such as weights that are not finite
            out.println();
            throw new CommandException("generate: " + model + ": " + e.getMessage(), e);
        }
        out.println();
        return 0;
    }

    private GenerationConfig config(int most, long key) {
        if (beams < 1) {
            throw new CommandException("--beams: expected at least 1, got " + beams);
        }
        GenerationConfig plain = beams > 1
                ? GenerationConfig.beamSearch(most, beams)
                : GenerationConfig.sampling(most, key)
                        .withTemperature(temperature)
                        .withTopK(topK)
                        .withTopP(topP);
        return plain.withRepetitionPenalty(penalty);
    }

    /// Writes `tokens` tokens. When the model's context is full, it goes on from the latter half of it.
    private void write(LanguageModel loaded, int[] start, PrintWriter out) {
        int context = loaded.shape().context();
        IncrementalDecoder decoder = new IncrementalDecoder(loaded.tokenizer());
        int[] known = start;
        int left = tokens;
        for (long window = 0; left > 0; window++) {
            int kept = Math.min(known.length, Math.max(1, Math.max(context / 2, context - left)));
            known = Arrays.copyOfRange(known, known.length - kept, known.length);
            Generator generator = new Generator(loaded.model(), config(left, seed + window));
            int[] grown = Arrays.copyOf(known, context + 1);
            int length = kept;
            for (int token : beams > 1 ? boxed(generator.generate(known).tokens()) : generator.stream(known)) {
                grown[length++] = token;
                left--;
                out.print(decoder.next(token));
                if (out.checkError()) {
                    return; // nobody reads any more; the command says so
                }
            }
            known = Arrays.copyOf(grown, length);
        }
        out.print(decoder.finish());
    }

    private static List<Integer> boxed(int[] tokens) {
        return Arrays.stream(tokens).boxed().toList();
    }
}
