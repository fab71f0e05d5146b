package dev.retort.bench;

import java.io.PrintWriter;
import java.io.StringWriter;

/// A run of the command inside the test's JVM.
///
/// @param code exit code
/// @param out  what went to the standard output
/// @param err  what went to the standard error
public record CommandLineRun(int code, String out, String err) {
    /// Runs the command.
    public static CommandLineRun of(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
        return new CommandLineRun(code, out.toString(), err.toString());
    }
}
