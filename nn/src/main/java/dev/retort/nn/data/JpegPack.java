package dev.retort.nn.data;

import dev.retort.tensor.io.FormatException;
import dev.retort.tensor.io.InputFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// Many small JPEG images of one size in one file, big-endian: ASCII `JPK1`, their number as a 32-bit
/// integer, then for each an unsigned label byte, the length as an unsigned 16-bit integer, and the JPEG
/// bytes.
public final class JpegPack {
    private static final byte[] MAGIC = "JPK1".getBytes(StandardCharsets.US_ASCII);
    /// Label, length and an empty image.
    private static final int LEAST = 3;

    private JpegPack() {}

    /// Decodes all images of a file, in colour.
    ///
    /// @throws FormatException       if the file breaks the format, or an image is damaged; the message
    ///                               names both
    /// @throws IOException           if the file is missing or cannot be read
    /// @throws IllegalStateException if the Java runtime has no module `java.desktop`
    public static ImageDataset read(Path path, List<String> classNames) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(InputFile.bytes(path));
        int count = count(path, bytes);
        int[] labels = new int[count];
        byte[] pixels = new byte[0];
        Picture first = new Picture(new byte[1], 1, 1, 1);
        for (int i = 0; i < count; i++) {
            String name = path + ": image " + i;
            byte[] jpeg = entry(name, bytes, labels, i, classNames);
            Picture picture = ImageFiles.decode(jpeg, name, 3);
            if (i == 0) {
                first = picture;
                pixels = new byte[checkedLength(path, count, picture)];
            } else if (picture.height() != first.height() || picture.width() != first.width()) {
                throw new FormatException("jpeg pack: " + name + ": expects " + first.height() + " x " + first.width()
                        + " pixels like the first, got " + picture.height() + " x " + picture.width());
            }
            System.arraycopy(picture.pixels(), 0, pixels, i * picture.pixels().length, picture.pixels().length);
        }
        if (bytes.hasRemaining()) {
            throw new FormatException("jpeg pack: " + path + ": expects the end after " + count + " images, got "
                    + bytes.remaining() + " more bytes");
        }
        return new ImageDataset(pixels, 3, first.height(), first.width(), labels, classNames);
    }

    private static int count(Path path, ByteBuffer bytes) throws FormatException {
        if (bytes.remaining() < 8 || bytes.mismatch(ByteBuffer.wrap(MAGIC)) != MAGIC.length) {
            throw new FormatException("jpeg pack: " + path + ": expects a file that starts with JPK1 and a number");
        }
        int count = bytes.position(MAGIC.length).getInt();
        if (count < 1 || (long) count * LEAST > bytes.remaining()) {
            throw new FormatException("jpeg pack: " + path + ": expects a number of images from 1 that fits "
                    + bytes.remaining() + " bytes, got " + Integer.toUnsignedString(count));
        }
        return count;
    }

    private static byte[] entry(String name, ByteBuffer bytes, int[] labels, int i, List<String> classNames)
            throws FormatException {
        if (bytes.remaining() < LEAST) {
            throw new FormatException("jpeg pack: " + name + ": expects a label and a length, got the end of the file");
        }
        labels[i] = bytes.get() & 0xFF;
        if (!classNames.isEmpty() && labels[i] >= classNames.size()) {
            throw new FormatException(
                    "jpeg pack: " + name + ": expects a label below " + classNames.size() + ", got " + labels[i]);
        }
        int length = bytes.getShort() & 0xFFFF;
        if (length > bytes.remaining()) {
            throw new FormatException(
                    "jpeg pack: " + name + ": expects " + length + " bytes, got " + bytes.remaining() + ": truncated");
        }
        byte[] jpeg = new byte[length];
        bytes.get(jpeg);
        return jpeg;
    }

    private static int checkedLength(Path path, int count, Picture picture) throws FormatException {
        long length = (long) count * picture.pixels().length;
        if (length > Integer.MAX_VALUE - 8) {
            throw new FormatException(
                    "jpeg pack: " + path + ": expects at most 2147483639 bytes of pixels, got " + length);
        }
        return (int) length;
    }
}
