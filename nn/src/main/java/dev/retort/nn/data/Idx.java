package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// The IDX format of the MNIST family, plain or gzipped: two zero bytes, a type byte (0x08, unsigned
/// bytes), the number of dimensions, each extent as a big-endian 32-bit integer, then the elements.
///
/// Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits".
public final class Idx {
    private static final int UNSIGNED_BYTES = 0x08;
    /// Deflate cannot pack denser than 1,032 : 1, so a small file cannot honestly claim more.
    private static final long MAX_RATIO = 1032;

    private static final Kind IMAGES = new Kind(3, "images [N, H, W]");
    private static final Kind LABELS = new Kind(1, "labels [N]");

    private Idx() {}

    /// What a file should hold.
    private record Kind(int rank, String what) {}

    /// The content of one file: extents, and elements in row-major order.
    private record Content(int[] dims, byte[] elements) {}

    /// Reads images [N, H, W] and their labels `[N]`.
    ///
    /// @throws FormatException if a file breaks the format, or the two disagree; the message names the
    ///                         file
    /// @throws IOException     if a file is missing or cannot be read
    public static ImageDataset read(Path images, Path labels, List<String> classNames) throws IOException {
        return dataset(
                content(Files.size(images), file(images), images.toString(), IMAGES),
                content(Files.size(labels), file(labels), labels.toString(), LABELS),
                String.valueOf(images.getFileName()),
                labels.toString(),
                classNames);
    }

    /// The same for files that are in memory, such as resources.
    ///
    /// @param where name for messages
    /// @throws FormatException as [#read]
    /// @throws IOException     for no other reason: nothing is read from a disk
    public static ImageDataset parse(byte[] images, byte[] labels, String where, List<String> classNames)
            throws IOException {
        return dataset(
                content(images.length, new ByteArrayInputStream(images), where + " images", IMAGES),
                content(labels.length, new ByteArrayInputStream(labels), where + " labels", LABELS),
                where + " images",
                where + " labels",
                classNames);
    }

    private static InputStream file(Path path) throws IOException {
        return new BufferedInputStream(Files.newInputStream(InputFile.require(path)), 1 << 16);
    }

    private static ImageDataset dataset(
            Content pictures, Content classes, String images, String labels, List<String> classNames)
            throws FormatException {
        int count = pictures.dims[0];
        if (count != classes.dims[0]) {
            throw new FormatException("idx: " + labels + ": expects " + count + " labels, one for each image in "
                    + images + ", got " + classes.dims[0]);
        }
        int[] targets = new int[count];
        for (int i = 0; i < count; i++) {
            targets[i] = classes.elements[i] & 0xFF;
            if (!classNames.isEmpty() && targets[i] >= classNames.size()) {
                throw new FormatException("idx: " + labels + ": expects labels below " + classNames.size() + ", got "
                        + targets[i] + " at index " + i);
            }
        }
        return new ImageDataset(pictures.elements, 1, pictures.dims[1], pictures.dims[2], targets, classNames);
    }

    private static Content content(long size, InputStream file, String path, Kind kind) throws IOException {
        try (file;
                InputStream in = unpacked(file)) {
            int[] dims = dims(path, in, kind.rank, kind.what);
            int length = length(path, size, dims);
            byte[] elements = in.readNBytes(length);
            if (elements.length < length) {
                throw new FormatException("idx: " + path + ": expects " + length + " bytes for " + Arrays.toString(dims)
                        + ", got " + elements.length + ": truncated");
            }
            if (in.read() >= 0) {
                throw new FormatException("idx: " + path + ": expects " + elements.length + " bytes for "
                        + Arrays.toString(dims) + ", got more");
            }
            return new Content(dims, elements);
        } catch (EOFException | ZipException e) {
            throw new FormatException(
                    "idx: " + path + ": expects a whole gzip file, got a damaged one: " + e.getMessage(), e);
        }
    }

    private static InputStream unpacked(InputStream file) throws IOException {
        file.mark(2);
        boolean gzip = file.read() == 0x1F && file.read() == 0x8B;
        file.reset();
        return gzip ? new GZIPInputStream(file, 1 << 16) : file;
    }

    private static int[] dims(String path, InputStream in, int rank, String what) throws IOException {
        byte[] magic = in.readNBytes(4);
        if (magic.length < 4 || magic[0] != 0 || magic[1] != 0) {
            throw new FormatException("idx: " + path + ": expects a file that starts with two zero bytes, type and"
                    + " rank, got " + Arrays.toString(magic));
        }
        if (magic[2] != UNSIGNED_BYTES) {
            throw new FormatException("idx: " + path + ": expects unsigned bytes (type 8), got type " + magic[2]);
        }
        if (magic[3] != rank) {
            throw new FormatException("idx: " + path + ": expects " + what + ", got " + magic[3] + " dimensions");
        }
        byte[] extents = in.readNBytes(4 * rank);
        if (extents.length < 4 * rank) {
            throw new FormatException("idx: " + path + ": expects " + rank + " extents, got the end of the file");
        }
        int[] dims = new int[rank];
        ByteBuffer.wrap(extents).asIntBuffer().get(dims);
        return dims;
    }

    /// The number of elements, after checking that a file of this size can hold so many.
    private static int length(String path, long size, int[] dims) throws FormatException {
        long length = 1;
        for (int dim : dims) {
            if (dim < 1) {
                throw new FormatException("idx: " + path + ": expects extents from 1, got " + Arrays.toString(dims));
            }
            length *= dim; // both factors are below 2^31
            if (length > Integer.MAX_VALUE - 8 || length > (size + 1) * MAX_RATIO) {
                throw new FormatException("idx: " + path + ": expects extents that fit a file of " + size
                        + " bytes, got " + Arrays.toString(dims));
            }
        }
        return (int) length;
    }
}
