package dev.retort.tensor.io;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Fields of one Protocol Buffers message in the wire format; [ProtoReader] is the other direction.
final class ProtoWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private void varint(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    /// An integer field.
    ProtoWriter number(int field, long value) {
        varint((long) field << 3 | ProtoReader.VARINT);
        varint(value);
        return this;
    }

    /// A field of 32 bits.
    ProtoWriter real(int field, float value) {
        varint((long) field << 3 | ProtoReader.FIXED32);
        int bits = Float.floatToRawIntBits(value);
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            out.write(bits >>> shift);
        }
        return this;
    }

    ProtoWriter text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    ProtoWriter message(int field, ProtoWriter value) {
        return bytes(field, value.toBytes());
    }

    ProtoWriter bytes(int field, byte[] value) {
        length(field, value.length);
        out.writeBytes(value);
        return this;
    }

    /// The start of a field of `bytes` bytes that somebody else writes.
    ProtoWriter length(int field, long bytes) {
        varint((long) field << 3 | ProtoReader.LENGTH);
        varint(bytes);
        return this;
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}
