package dev.retort.tensor.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Files read at once, with errors that name them: the JDK's own say "Is a directory" or "Input length = 1"
/// and not of what.
public final class InputFile {
    /// U+FEFF in front of a text.
    static final char BYTE_ORDER_MARK = 0xFEFF;

    private static final long LARGEST = Integer.MAX_VALUE - 8;

    private InputFile() {}

    /// Checks that a path is no folder, and returns it.
    ///
    /// @throws FileSystemException if it is
    public static Path require(Path path) throws FileSystemException {
        if (Files.isDirectory(path)) {
            throw new FileSystemException(path.toString(), null, "expects a file, got a folder");
        }
        return path;
    }

    /// All bytes of a file.
    ///
    /// @throws FormatException if there are 2 GiB or more
    /// @throws IOException     if the file is missing, a folder, or cannot be read
    public static byte[] bytes(Path path) throws IOException {
        long size = Files.size(require(path));
        if (size > LARGEST) {
            throw new FormatException(path + ": expects a file below 2 GiB, got " + size + " bytes");
        }
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            if (e.getClass() == IOException.class) { // such as a disk that fails
                throw new FileSystemException(path.toString(), null, String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /// A file as text in UTF-8, without the byte order mark that some programs put in front.
    ///
    /// @throws FormatException if the bytes are something else; the message says where, or what they are
    /// @throws IOException     as [#bytes]
    public static String text(Path path) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(bytes(path));
        CharBuffer text = CharBuffer.allocate(bytes.remaining());
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(bytes, text, true);
        if (result.isError()) {
            String got = isWide(bytes.array()) ? "UTF-16" : "other bytes at offset " + bytes.position();
            throw new FormatException(path + ": expects UTF-8 text, got " + got);
        }
        text.flip();
        return (text.hasRemaining() && text.get(0) == BYTE_ORDER_MARK ? text.position(1) : text).toString();
    }

    /// Whether the mark of UTF-16, in one of its two byte orders, is in front.
    private static boolean isWide(byte[] bytes) {
        return bytes.length >= 2 && (bytes[0] == -2 && bytes[1] == -1 || bytes[0] == -1 && bytes[1] == -2);
    }

    /// The lines of a text file in UTF-8, without their ends.
    ///
    /// @throws FormatException as [#text]
    /// @throws IOException     as [#bytes]
    public static List<String> lines(Path path) throws IOException {
        return text(path).lines().toList();
    }
}
