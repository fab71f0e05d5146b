package dev.retort.bench;

import dev.retort.bench.distill.DistillCommand;
import dev.retort.bench.info.InfoCommand;
import dev.retort.bench.info.TuneCommand;
import dev.retort.bench.jmh.BenchCommand;
import dev.retort.bench.model.EvalCommand;
import dev.retort.bench.model.ExportCommand;
import dev.retort.bench.model.PredictCommand;
import dev.retort.bench.reproduce.ReproduceCommand;
import dev.retort.bench.select.ActiveCommand;
import dev.retort.bench.select.SelectCommand;
import dev.retort.bench.text.EmbedCommand;
import dev.retort.bench.text.GenerateCommand;
import dev.retort.bench.text.TrainLmCommand;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/// The `retort` command; exit codes are 0 for success, 1 for a failure and 2 for wrong usage.
@Command(
        name = "retort",
        description = {
            "Neural networks and knowledge distillation in pure Java.",
            "(./retort test builds everything and runs all tests; ./retort bundle makes a folder for machines without Java.)"
        },
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DistillCommand.class,
            PredictCommand.class,
            SelectCommand.class,
            ActiveCommand.class,
            EvalCommand.class,
            ExportCommand.class,
            EmbedCommand.class,
            TrainLmCommand.class,
            GenerateCommand.class,
            ReproduceCommand.class,
            InfoCommand.class,
            TuneCommand.class,
            BenchCommand.class,
            HelpCommand.class
        })
public final class Main implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Show stack traces of errors.")
    private boolean debug;

    private Main() {}

    /// Runs the command and ends the process.
    public static void main(String[] arguments) {
        System.exit(run(arguments));
    }

    /// Runs the command on the standard streams and returns its exit code.
    public static int run(String... arguments) {
        StandardOutput standard = new StandardOutput(new FileOutputStream(FileDescriptor.out));
        PrintWriter out = standard.writer(System.out.charset());
        PrintWriter err = new PrintWriter(System.err, true);
        int code = run(out, err, arguments);
        out.flush();
        return standard.exitCode(code, err);
    }

    /// Runs the command with other streams and returns its exit code.
    static int run(PrintWriter out, PrintWriter err, String... arguments) {
        Main main = new Main();
        CommandLine line = commandLine(main).setOut(out).setErr(err);
        line.setExecutionExceptionHandler((failure, command, parsed) -> fail(main, line, failure));
        try {
            return line.execute(arguments);
        } catch (Error error) {
            return fail(main, line, error);
        }
    }

    /// The command and its subcommands, described but not run.
    static CommandLine commandLine() {
        return commandLine(new Main());
    }

    private static CommandLine commandLine(Main main) {
        return new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Path.class, Main::path)
                .registerConverter(URI.class, Main::uri)
                .setParameterExceptionHandler(Main::wrongUsage);
    }

    private static Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new TypeConversionException("expected a path, got '" + text + "': " + e.getReason());
        }
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new TypeConversionException("expected an address, got '" + text + "': " + e.getReason());
        }
    }

    private static int wrongUsage(ParameterException failure, String[] arguments) {
        CommandLine line = failure.getCommandLine();
        PrintWriter err = line.getErr();
        err.println("retort: " + Failures.oneLine(String.valueOf(failure.getMessage())));
        UnmatchedArgumentException.printSuggestions(failure, err);
        err.print(line.getHelp().fullSynopsis());
        if (!line.getSubcommands().isEmpty()) {
            err.print("Commands: " + String.join(", ", line.getSubcommands().keySet()) + "\n");
        }
        err.println("More: " + line.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    private static int fail(Main main, CommandLine line, Throwable failure) {
        new Failures(line.getErr(), main.debug).report(failure);
        return CommandLine.ExitCode.SOFTWARE;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "expected a command");
    }
}
