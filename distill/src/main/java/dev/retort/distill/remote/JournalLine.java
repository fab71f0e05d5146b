package dev.retort.distill.remote;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.Json;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/// One line of a journal: the CRC-32C of the rest as eight hexadecimal digits, a space, and compact JSON.
final class JournalLine {
    private static final int PREFIX = 9;

    private JournalLine() {}

    static byte[] encode(Json content) {
        byte[] json = content.toString().getBytes(StandardCharsets.UTF_8);
        byte[] line = new byte[PREFIX + json.length + 1];
        System.arraycopy(checksum(json, 0, json.length), 0, line, 0, PREFIX - 1);
        line[PREFIX - 1] = ' ';
        System.arraycopy(json, 0, line, PREFIX, json.length);
        line[line.length - 1] = '\n';
        return line;
    }

    /// Whether the bytes are a whole line, without its line feed.
    static boolean isWhole(byte[] line) {
        if (line.length <= PREFIX || line[PREFIX - 1] != ' ') {
            return false;
        }
        byte[] wanted = checksum(line, PREFIX, line.length);
        return Arrays.equals(wanted, 0, wanted.length, line, 0, wanted.length);
    }

    /// The content of a whole line.
    static Json.Obj decode(byte[] line) throws FormatException {
        return Json.parse(new String(line, PREFIX, line.length - PREFIX, StandardCharsets.UTF_8))
                .asObject();
    }

    private static byte[] checksum(byte[] bytes, int start, int end) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, start, end - start);
        return HexFormat.of().toHexDigits((int) crc.getValue()).getBytes(StandardCharsets.US_ASCII);
    }
}
