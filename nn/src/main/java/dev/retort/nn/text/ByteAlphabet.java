package dev.retort.nn.text;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// GPT-2's way to write bytes as printable characters in files: bytes that are printable in Latin-1 stand for
/// themselves, the others for U+0100 and up, in order.
final class ByteAlphabet {
    private static final char[] CHARS = new char[256];
    private static final int[] BYTES = new int[256 + 256];

    static {
        java.util.Arrays.fill(BYTES, -1);
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || (b >= 0xAE && b <= 0xFF);
            CHARS[b] = printable ? (char) b : next++;
            BYTES[CHARS[b]] = b;
        }
    }

    private ByteAlphabet() {}

    static char of(int b) {
        return CHARS[b];
    }

    /// The bytes that a token stands for, or null if it has a character that stands for none.
    static byte @Nullable [] bytes(String token) {
        byte[] bytes = new byte[token.length()];
        for (int i = 0; i < bytes.length; i++) {
            char c = token.charAt(i);
            if (c >= BYTES.length || BYTES[c] < 0) {
                return null;
            }
            bytes[i] = (byte) BYTES[c];
        }
        return bytes;
    }

    static String token(byte[] bytes) {
        StringBuilder token = new StringBuilder(bytes.length);
        for (byte b : bytes) {
            token.append(CHARS[b & 0xFF]);
        }
        return token.toString();
    }

    /// UTF-8; a surrogate without its partner becomes U+FFFD.
    static byte[] utf8(String text) {
        return (isWellFormed(text) ? text : repaired(text)).getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isWellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (!Character.isSupplementaryCodePoint(text.codePointAt(i))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }

    private static String repaired(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> out.appendCodePoint(Character.getType(c) == Character.SURROGATE ? 0xFFFD : c));
        return out.toString();
    }
}
