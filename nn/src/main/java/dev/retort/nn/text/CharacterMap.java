package dev.retort.nn.text;

import dev.retort.tensor.io.FormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// SentencePiece's compiled map of characters: sequences of characters and what stands for them, found
/// from the left, the longest first; what is not in the map stays.
///
/// The file form is the size of a trie in bytes (32 bits), the trie, and texts that end with a zero byte.
/// The trie is a double array over UTF-8 bytes. A unit has its byte in bits 0 to 7, whether a sequence
/// ends there in bit 8, and in bits 10 to 30 (times 256 if bit 9 is set) a number: its exclusive or with
/// the unit's own place is where the units of the next bytes are, each at the exclusive or with its byte.
/// At byte 0 is the place of the text, with bit 31 set. Integers are little-endian.
///
/// Sources, as formats: Kudo and Richardson, "SentencePiece", 2018, arXiv 1808.06226; Yata,
/// "Darts-clone", 2008. Hugging Face's library looks for shorter sequences in some clusters of several
/// characters; this is what SentencePiece does, with which the models were trained.
final class CharacterMap {
    private static final int LABEL = 0x800000FF;

    private final int[] units;
    private final Map<Integer, String> texts = new HashMap<>();

    private CharacterMap(int[] units) {
        this.units = units;
    }

    /// Reads the file form.
    ///
    /// @throws FormatException if it is cut off, or a sequence leads to no text
    static CharacterMap parse(byte[] file, String where) throws FormatException {
        ByteBuffer in = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int size = in.remaining() < Integer.BYTES ? -1 : in.getInt();
        if (size < Integer.BYTES || size % Integer.BYTES != 0 || size > in.remaining()) {
            throw new FormatException("tokenizer: " + where + ": expects a trie of 4 to " + in.remaining()
                    + " bytes in the map of characters, got " + size);
        }
        int[] units = new int[size / Integer.BYTES];
        in.asIntBuffer().get(units);
        CharacterMap map = new CharacterMap(units);
        map.readTexts(file, Integer.BYTES + size, where);
        return map;
    }

    /// Visits all units that can be reached, once each, and reads the texts that they lead to.
    private void readTexts(byte[] file, int from, String where) throws FormatException {
        BitSet seen = new BitSet(units.length);
        Deque<Integer> open = new ArrayDeque<>();
        open.add(0);
        while (!open.isEmpty()) {
            int unit = open.remove();
            if (seen.get(unit)) {
                continue;
            }
            seen.set(unit);
            int next = next(unit);
            if (endsAt(unit)) {
                int place = next < units.length ? units[next] & Integer.MAX_VALUE : Integer.MAX_VALUE;
                texts.put(place, text(file, from, place, where));
            }
            for (int b = 1; b < 256; b++) {
                int child = child(next, b);
                if (child >= 0) {
                    open.add(child);
                }
            }
        }
    }

    private static String text(byte[] file, int from, int place, String where) throws FormatException {
        int start = place < file.length - from ? from + place : file.length;
        int end = start;
        while (end < file.length && file[end] != 0) {
            end++;
        }
        if (end == file.length) {
            throw new FormatException("tokenizer: " + where + ": expects a text at " + place
                    + " of the map of characters, which has " + (file.length - from) + " bytes of them");
        }
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(file, start, end - start));
            return text.toString();
        } catch (CharacterCodingException e) {
            throw new FormatException(
                    "tokenizer: " + where + ": text " + place + " of the map of characters is not UTF-8", e);
        }
    }

    private int next(int unit) {
        return unit ^ (units[unit] >>> 10) << ((units[unit] & 1 << 9) >>> 6);
    }

    private boolean endsAt(int unit) {
        return (units[unit] >>> 8 & 1) != 0;
    }

    /// The unit of byte `b` among those at `next`, or −1.
    private int child(int next, int b) {
        int child = next ^ b;
        return child < units.length && (units[child] & LABEL) == b ? child : -1;
    }

    /// The text with all sequences replaced.
    NormalizedText apply(NormalizedText text) {
        String s = text.text();
        NormalizedText.Builder out = new NormalizedText.Builder(text);
        int[] length = new int[1];
        for (int at = 0; at < s.length(); at += length[0]) {
            String found = find(s, at, length);
            out.append(found == null ? s.substring(at, at + length[0]) : found, at, at + length[0]);
        }
        return out.build();
    }

    /// What stands for the longest sequence at `at`, or null if there is none.
    ///
    /// @param length gets its `char`s, or those of the one character
    private @Nullable String find(String s, int at, int[] length) {
        String found = null;
        length[0] = Character.charCount(s.codePointAt(at));
        int unit = 0;
        for (int i = at; i < s.length(); ) {
            int c = s.codePointAt(i);
            for (byte b : ByteAlphabet.utf8(Character.toString(c))) {
                unit = b == 0 || unit < 0 ? -1 : child(next(unit), b & 0xFF);
            }
            if (unit < 0) {
                break;
            }
            i += Character.charCount(c);
            if (endsAt(unit)) {
                found = texts.get(units[next(unit)] & Integer.MAX_VALUE);
                length[0] = i - at;
            }
        }
        return found;
    }
}
