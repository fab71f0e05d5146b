package dev.retort.distill.remote;

import dev.retort.tensor.io.FormatException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import org.jspecify.annotations.Nullable;

/// Reads a journal line by line, so that its size is no matter of memory.
final class JournalReader {
    /// Bytes of a line at most: who holds no journal, but a large file without line ends, gets an error.
    static final int LONGEST = 1 << 28;

    private final RandomAccessFile file;
    private final String name;
    private final byte[] buffer = new byte[1 << 16];
    private int at;
    private int filled;
    private long position;

    /// From the start of a file; nobody else may move its pointer meanwhile.
    JournalReader(RandomAccessFile file, String name) throws IOException {
        this.file = file;
        this.name = name;
        file.seek(0);
    }

    /// The next line without its line feed, or null if no further line is ended by one.
    ///
    /// @throws FormatException if it has more than [#LONGEST] bytes
    byte @Nullable [] next() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            int end = at;
            while (end < filled && buffer[end] != '\n') {
                end++;
            }
            line.write(buffer, at, end - at);
            if (line.size() > LONGEST) {
                throw new FormatException("label journal: " + name + ": expected lines of at most " + LONGEST
                        + " bytes, got more from byte " + position + " on");
            }
            if (end < filled) {
                at = end + 1;
                position += line.size() + 1;
                return line.toByteArray();
            }
            at = 0;
            filled = Math.max(0, file.read(buffer));
            if (filled == 0) {
                return null;
            }
        }
    }

    /// Where in the file the next line starts.
    long position() {
        return position;
    }
}
