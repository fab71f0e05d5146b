package dev.retort.bench.jmh;

import dev.retort.bench.CommandException;
import dev.retort.bench.OutputFile;
import dev.retort.bench.gpu.GpuCommand;
import dev.retort.bench.peers.PeersCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `retort bench`: runs JMH benchmarks; each fork is a fresh JVM, variance and allocation are shown.
@Command(
        name = "bench",
        description = "Run JMH benchmarks (kernels: GemmBenchmark, ConvBenchmark, NormBenchmark, PointwiseBenchmark).",
        subcommands = {PeersCommand.class, GpuCommand.class})
public final class BenchCommand implements Callable<Integer> {
    @Parameters(arity = "0..*", paramLabel = "REGEX", description = "Which benchmarks; all without one.")
    private List<String> include = List.of();

    @Option(names = "-p", paramLabel = "NAME=VALUE", description = "Set a parameter, such as shape=1024x1024x1024.")
    private List<String> parameters = List.of();

    @Option(names = "--forks", description = "Fresh JVMs a benchmark (default: as annotated, 2).")
    private @Nullable Integer forks;

    @Option(names = "--iterations", description = "Measured iterations a fork (default: as annotated, 5).")
    private @Nullable Integer iterations;

    @Option(names = "--seconds", description = "Seconds an iteration (default: 1).")
    private @Nullable Integer seconds;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results as JSON.")
    private @Nullable Path json;

    @Override
    public Integer call() throws Exception {
        atLeast("--forks", 0, forks);
        atLeast("--iterations", 1, iterations);
        atLeast("--seconds", 1, seconds);
        OutputFile.check("--json", json);
        ChainedOptionsBuilder options =
                new OptionsBuilder().addProfiler(GCProfiler.class).shouldFailOnError(true);
        include.forEach(options::include);
        addParameters(options);
        if (forks != null) {
            options.forks(forks);
        }
        if (iterations != null) {
            options.measurementIterations(iterations);
        }
        if (seconds != null) {
            options.measurementTime(TimeValue.seconds(seconds)).warmupTime(TimeValue.seconds(seconds));
        }
        if (json != null) {
            Path parent = json.toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            options.resultFormat(ResultFormatType.JSON).result(json.toString());
        }
        Runner runner = new Runner(options.build());
        try {
            runner.run();
        } catch (NoBenchmarksException e) {
            throw new CommandException("bench: expected the name of a benchmark, or a part of it, got " + include, e);
        }
        return 0;
    }

    private void addParameters(ChainedOptionsBuilder options) {
        for (String parameter : parameters) {
            int equals = parameter.indexOf('=');
            if (equals < 1) {
                throw new IllegalArgumentException("bench: -p expects NAME=VALUE, got '" + parameter + "'");
            }
            options.param(
                    parameter.substring(0, equals),
                    parameter.substring(equals + 1).split(";"));
        }
    }

    private static void atLeast(String option, int least, @Nullable Integer value) {
        if (value != null && value < least) {
            throw new CommandException(option + ": expected at least " + least + ", got " + value);
        }
    }
}
