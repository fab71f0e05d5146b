package dev.retort.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The standard output, which remembers why it could not be written: Java's own says nothing, and a command whose
/// results went to a full disk would end with 0.
final class StandardOutput extends OutputStream {
    /// What a shell gives for a process that wrote to a pipe nobody reads any more, as `| head -1` makes.
    static final int READER_GONE = 141;

    private final OutputStream out;
    private @Nullable IOException failure;

    StandardOutput(OutputStream out) {
        this.out = out;
    }

    /// A writer to this stream; it gives every line on at once.
    PrintWriter writer(Charset charset) {
        return new PrintWriter(new OutputStreamWriter(this, charset), true);
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
        } catch (IOException e) {
            throw remembered(e);
        }
    }

    @Override
    public void flush() throws IOException {
        try {
            out.flush();
        } catch (IOException e) {
            throw remembered(e);
        }
    }

    private IOException remembered(IOException e) {
        if (failure == null) {
            failure = e;
        }
        return e;
    }

    /// The exit code of a command that ended with `code`; says what is missing in its output. A reader who has seen
    /// enough is told nothing.
    int exitCode(int code, PrintWriter err) {
        IOException reason = failure;
        if (reason == null) {
            return code;
        }
        if (String.valueOf(reason.getMessage()).toLowerCase(Locale.ROOT).contains("pipe")) {
            return code == 0 ? READER_GONE : code;
        }
        err.println("retort: the standard output could not be written: " + reason.getMessage());
        return code == 0 ? 1 : code;
    }
}
