package dev.retort.tensor.io;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// NumPy's npy format: one array a file.
///
/// Reads versions 1 to 3, both byte orders, C and Fortran order, and the element types
/// `f4 f8 f2 i8 i4 i1 u1 b1`. Writes little-endian, byte for byte what NumPy 1.24 writes. `BF16` does not
/// exist in NumPy.
///
/// Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
public final class Npy {
    private Npy() {}

    /// Reads an array. In Fortran order the result is a transposed view, as in NumPy.
    ///
    /// @throws FormatException if the file breaks the format or holds a type that Retort has not
    /// @throws IOException     if the file is missing or cannot be read
    public static Tensor read(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(InputFile.require(path), StandardOpenOption.READ)) {
            return read(channel, channel.size());
        } catch (FormatException e) {
            throw new FormatException("npy: " + path + ": " + e.getMessage(), e);
        }
    }

    /// Writes an array. The file replaces an older one in one step ([AtomicFile]). A tensor whose
    /// transpose is contiguous is written in Fortran order without a copy, as in NumPy.
    ///
    /// @throws IllegalArgumentException if the type is `BF16`
    /// @throws IOException              if the file cannot be written; what was there before is then
    ///                                  unchanged
    public static void write(Path path, Tensor tensor) throws IOException {
        byte[] header = header(tensor);
        AtomicFile.write(path, channel -> writeBody(header, tensor, channel));
    }

    /// Reads an array that must fill `length` bytes exactly.
    static Tensor read(ReadableByteChannel channel, long length) throws IOException {
        NpyHeader header = NpyHeader.read(channel);
        // Before the array is allocated: a damaged shape must not ask for memory that the file cannot fill.
        if (header.dataBytes() != length - header.size()) {
            throw new FormatException("expects " + header.dataBytes() + " bytes for " + header.dtype() + " "
                    + header.shape() + ", got " + (length - header.size()));
        }
        Shape shape = header.shape();
        HostStorage storage = ElementBytes.read(channel, header.dtype(), shape.numel(), header.order());
        int[] strides = header.fortran() ? reversed(reversed(shape).contiguousStrides()) : shape.contiguousStrides();
        return Tensor.of(storage, 0, shape, strides);
    }

    static byte[] header(Tensor tensor) {
        return NpyHeader.bytes(tensor.dtype(), isFortran(tensor), tensor.shape());
    }

    static void writeBody(byte[] header, Tensor tensor, WritableByteChannel channel) throws IOException {
        AtomicFile.writeFully(channel, ByteBuffer.wrap(header));
        ElementBytes.write((isFortran(tensor) ? transposed(tensor) : tensor).toHost(), channel);
    }

    private static boolean isFortran(Tensor tensor) {
        return !tensor.isContiguous() && transposed(tensor).isContiguous();
    }

    /// A view with all dimensions reversed.
    private static Tensor transposed(Tensor tensor) {
        return Tensor.of(tensor.storage(), tensor.offset(), reversed(tensor.shape()), reversed(tensor.strides()));
    }

    private static Shape reversed(Shape shape) {
        return Shape.of(reversed(shape.dims()));
    }

    private static int[] reversed(int[] values) {
        int[] out = new int[values.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = values[values.length - 1 - i];
        }
        return out;
    }
}
