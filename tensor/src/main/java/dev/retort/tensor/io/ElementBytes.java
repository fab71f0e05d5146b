package dev.retort.tensor.io;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/// Moves elements between heap arrays and the bytes of a file, in either byte order, a bounded chunk at
/// a time.
final class ElementBytes {
    private static final int CHUNK = 1 << 20;

    private ElementBytes() {}

    /// `count` elements that start at byte `from` of `bytes`.
    ///
    /// @throws FormatException if a truth value is neither 0 nor 1
    static HostStorage copy(MemorySegment bytes, long from, DType dtype, int count, ByteOrder order)
            throws FormatException {
        HostStorage storage = HostStorage.allocate(dtype, count);
        Object array = storage.array();
        ValueLayout layout = switch (dtype) {
            case F32 -> ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(order);
            case F64 -> ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(order);
            case BF16, F16 -> ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(order);
            case I64 -> ValueLayout.JAVA_LONG_UNALIGNED.withOrder(order);
            case I32 -> ValueLayout.JAVA_INT_UNALIGNED.withOrder(order);
            case I8, U8, BOOL -> ValueLayout.JAVA_BYTE;
        };
        MemorySegment.copy(bytes, layout, from, array, 0, count);
        checkTruthValues(storage);
        return storage;
    }

    /// `count` elements from the position of `channel` on.
    ///
    /// @throws FormatException if the channel ends too early, or a truth value is neither 0 nor 1
    static HostStorage read(ReadableByteChannel channel, DType dtype, int count, ByteOrder order) throws IOException {
        HostStorage storage = HostStorage.allocate(dtype, count);
        int perChunk = CHUNK / dtype.bytes();
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, (long) count * dtype.bytes()));
        chunk.order(order);
        for (int at = 0; at < count; at += perChunk) {
            int n = Math.min(perChunk, count - at);
            chunk.clear().limit(n * dtype.bytes());
            fill(channel, chunk);
            take(storage, at, n, chunk.flip());
        }
        checkTruthValues(storage);
        return storage;
    }

    /// Reads until `target` is full.
    ///
    /// @throws FormatException if the channel ends before
    static void fill(ReadableByteChannel channel, ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target) < 0) {
                throw new FormatException("expects " + target.remaining() + " more bytes, got the end of the file");
            }
        }
    }

    private static void take(HostStorage storage, int at, int n, ByteBuffer from) {
        switch (storage.dtype()) {
            case F32 -> from.asFloatBuffer().get(storage.floats(), at, n);
            case F64 -> from.asDoubleBuffer().get(storage.doubles(), at, n);
            case BF16, F16 -> from.asShortBuffer().get(storage.shorts(), at, n);
            case I64 -> from.asLongBuffer().get(storage.longs(), at, n);
            case I32 -> from.asIntBuffer().get(storage.ints(), at, n);
            case I8, U8, BOOL -> from.get(storage.bytes(), at, n);
        }
    }

    /// Writes all elements in little-endian order.
    static void write(HostStorage storage, WritableByteChannel channel) throws IOException {
        int size = storage.size();
        int width = storage.dtype().bytes();
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK, (long) size * width));
        chunk.order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < size; at += CHUNK / width) {
            int n = Math.min(CHUNK / width, size - at);
            chunk.clear();
            put(storage, at, n, chunk);
            chunk.position(0).limit(n * width);
            AtomicFile.writeFully(channel, chunk);
        }
    }

    private static void put(HostStorage storage, int at, int n, ByteBuffer to) {
        switch (storage.dtype()) {
            case F32 -> to.asFloatBuffer().put(storage.floats(), at, n);
            case F64 -> to.asDoubleBuffer().put(storage.doubles(), at, n);
            case BF16, F16 -> to.asShortBuffer().put(storage.shorts(), at, n);
            case I64 -> to.asLongBuffer().put(storage.longs(), at, n);
            case I32 -> to.asIntBuffer().put(storage.ints(), at, n);
            case I8, U8, BOOL -> to.put(storage.bytes(), at, n);
        }
    }

    /// Kernels count on 0 and 1.
    private static void checkTruthValues(HostStorage storage) throws FormatException {
        if (storage.dtype() != DType.BOOL) {
            return;
        }
        byte[] values = storage.bytes();
        for (int i = 0; i < values.length; i++) {
            if ((values[i] & 0xFE) != 0) {
                throw new FormatException(
                        "expects truth values of 0 or 1, got " + (values[i] & 0xFF) + " at element " + i);
            }
        }
    }
}
