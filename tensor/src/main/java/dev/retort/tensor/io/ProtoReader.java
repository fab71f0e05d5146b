package dev.retort.tensor.io;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// Fields of one Protocol Buffers message in the wire format. Lengths are checked against what is there, so a
/// broken file costs no memory.
final class ProtoReader {
    static final int VARINT = 0;
    private static final int FIXED64 = 1;
    static final int LENGTH = 2;
    static final int FIXED32 = 5;

    private final byte[] data;
    private final String where;
    private final int end;
    private int at;
    private int field;
    private int wire;

    ProtoReader(byte[] data, String where) {
        this(data, where, 0, data.length);
    }

    private ProtoReader(byte[] data, String where, int from, int to) {
        this.data = data;
        this.where = where;
        at = from;
        end = to;
    }

    FormatException wrong(String message) {
        return new FormatException("onnx: " + where + ": " + message);
    }

    /// Goes to the next field; false at the end.
    boolean next() throws FormatException {
        if (at >= end) {
            return false;
        }
        long tag = varint();
        field = (int) (tag >>> 3);
        wire = (int) (tag & 7);
        if (field == 0 || tag >>> 32 != 0) {
            throw wrong("expects a field at byte " + at + ", got tag " + tag);
        }
        return true;
    }

    int field() {
        return field;
    }

    private long varint() throws FormatException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= end) {
                throw wrong("expects a number at byte " + at + ", got the end");
            }
            byte b = data[at++];
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw wrong("expects a number of at most 10 bytes before byte " + at);
    }

    /// The value of an integer field.
    long number() throws FormatException {
        expect(VARINT);
        return varint();
    }

    /// Adds the values of a repeated integer field, packed or not.
    void numbers(List<Long> into) throws FormatException {
        if (wire == VARINT) {
            into.add(varint());
            return;
        }
        ProtoReader packed = message();
        while (packed.at < packed.end) {
            into.add(packed.varint());
        }
    }

    private void expect(int wanted) throws FormatException {
        if (wire != wanted) {
            throw wrong("field " + field + " at byte " + at + ": expects wire type " + wanted + ", got " + wire);
        }
    }

    private int length() throws FormatException {
        expect(LENGTH);
        long length = varint();
        if (length < 0 || length > end - at) {
            throw wrong("field " + field + ": expects at most " + (end - at) + " bytes, got a length of "
                    + Long.toUnsignedString(length));
        }
        return (int) length;
    }

    /// The message in a field.
    ProtoReader message() throws FormatException {
        int length = length();
        at += length;
        return new ProtoReader(data, where, at - length, at);
    }

    /// The bytes of a field, not copied; numbers of fixed width must be packed.
    MemorySegment bytes() throws FormatException {
        if (wire == FIXED32) {
            throw wrong("field " + field + ": expects packed numbers");
        }
        int length = length();
        at += length;
        return MemorySegment.ofArray(data).asSlice(at - length, length);
    }

    String text() throws FormatException {
        int length = length();
        at += length;
        return StandardCharsets.UTF_8
                .decode(ByteBuffer.wrap(data, at - length, length))
                .toString();
    }

    /// Passes over a field.
    void skip() throws FormatException {
        switch (wire) {
            case VARINT -> varint();
            case FIXED64 -> advance(Long.BYTES);
            case LENGTH -> advance(length());
            case FIXED32 -> advance(Integer.BYTES);
            default -> throw wrong("field " + field + " at byte " + at + ": expects a wire type, got " + wire);
        }
    }

    private void advance(int bytes) throws FormatException {
        if (bytes > end - at) {
            throw wrong("expects " + bytes + " more bytes at byte " + at + ", got the end");
        }
        at += bytes;
    }
}
