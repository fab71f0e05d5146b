package dev.retort.nn.text;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/// The six novels of Jane Austen from Debian's package `r-cran-janeaustenr`: `Rdata.rdb`, in which each novel is
/// a compressed vector of lines in R's XDR format.
///
/// Source: R Core Team, "R Internals", section 1.8, serialization formats.
public final class JaneAusten {
    /// Where the package puts the file.
    public static final Path INSTALLED = Path.of("/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb");

    private static final int LARGEST = 1 << 26;
    private static final int STRINGS = 16;
    private static final int STRING = 9;

    private JaneAusten() {}

    /// The novels, each as its lines joined by newlines, in the order of the file.
    ///
    /// @throws FormatException if the file breaks the format
    /// @throws IOException     if the file is missing or cannot be read
    public static List<String> read(Path path) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(InputFile.bytes(path));
        List<String> novels = new ArrayList<>();
        while (file.remaining() > Integer.BYTES) {
            int size = file.getInt();
            if (size < 0 || size > LARGEST) {
                throw new FormatException(
                        "jane austen: " + path + ": expects a record of at most " + LARGEST + " bytes, got " + size);
            }
            novels.add(novel(path, inflate(path, file, size)));
        }
        return novels;
    }

    private static ByteBuffer inflate(Path path, ByteBuffer file, int size) throws FormatException {
        byte[] out = new byte[size];
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(file);
            int done = 0;
            while (done < size && !inflater.finished()) {
                int n = inflater.inflate(out, done, size - done);
                if (n == 0 && inflater.needsInput()) {
                    break;
                }
                done += n;
            }
            if (done != size) {
                throw new FormatException(
                        "jane austen: " + path + ": expects " + size + " bytes in a record, got " + done);
            }
            inflater.inflate(new byte[1]); // reads the checksum behind the data
            return ByteBuffer.wrap(out);
        } catch (DataFormatException e) {
            throw new FormatException("jane austen: " + path + ": a record cannot be inflated", e);
        } finally {
            inflater.end();
        }
    }

    private static String novel(Path path, ByteBuffer record) throws FormatException {
        try {
            record.position(2); // "X\n"
            int version = record.getInt();
            record.getLong(); // versions of R
            if (version == 3) {
                record.position(record.position() + Integer.BYTES + record.getInt(record.position()));
            }
            if ((record.getInt() & 0xFF) != STRINGS) {
                throw new FormatException("jane austen: " + path + ": expects a vector of texts");
            }
            int count = record.getInt();
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < count; i++) {
                if ((record.getInt() & 0xFF) != STRING) {
                    throw new FormatException("jane austen: " + path + ": expects a text as line " + (i + 1));
                }
                byte[] line = new byte[Math.clamp(record.getInt(), 0, record.remaining())];
                record.get(line);
                text.append(new String(line, StandardCharsets.UTF_8)).append('\n');
            }
            return text.toString();
        } catch (java.nio.BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new FormatException("jane austen: " + path + ": a record is cut", e);
        }
    }

    /// Hard-wrapped lines joined to paragraphs, which are parted by one empty line.
    public static String unwrapped(String novel) {
        return novel.replaceAll("(?<!\n)\n(?!\n)", " ")
                .replaceAll("\n{2,}", "\n\n")
                .strip();
    }
}
