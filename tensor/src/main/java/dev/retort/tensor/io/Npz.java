package dev.retort.tensor.io;

import dev.retort.tensor.Tensor;
import java.io.EOFException;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/// NumPy's npz format: a zip archive of npy files, stored or deflated, `NAME.npy` for the array `NAME`.
///
/// The checksums of the archive are verified. Written archives depend on the arrays only (the time stamps
/// are constant).
public final class Npz {
    private static final String SUFFIX = ".npy";
    /// Deflate cannot pack denser than 1,032 : 1; entries that claim more are damaged.
    private static final long MAX_RATIO = 1032;

    /// Any moment will do but the first of 1980, which the JDK takes for "unknown" and writes in the
    /// local time zone.
    private static final LocalDateTime TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

    private Npz() {}

    /// Reads all arrays, in the order of the archive.
    ///
    /// @throws FormatException if the archive or an array breaks its format; the message names both
    /// @throws IOException     if the file is missing or cannot be read
    public static Map<String, Tensor> read(Path path) throws IOException {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        long fileSize = Files.size(path);
        try (ZipFile zip = new ZipFile(path.toFile())) {
            for (ZipEntry entry : Collections.list(zip.entries())) {
                String name = entry.getName();
                if (!name.endsWith(SUFFIX)) {
                    throw new FormatException("npz: " + path + ": expects entries named *.npy, got " + name);
                }
                String array = name.substring(0, name.length() - SUFFIX.length());
                if (tensors.put(array, read(path, zip, entry, fileSize)) != null) {
                    throw new FormatException("npz: " + path + ": expects each array once, got " + array + " again");
                }
            }
        } catch (ZipException | EOFException e) {
            throw new FormatException(
                    "npz: " + path + ": expects a zip archive, got a damaged one: " + e.getMessage(), e);
        }
        return tensors;
    }

    private static Tensor read(Path path, ZipFile zip, ZipEntry entry, long fileSize) throws IOException {
        CRC32 crc = new CRC32();
        try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), crc)) {
            long packed = entry.getCompressedSize();
            if (packed > fileSize || entry.getSize() > packed * MAX_RATIO) {
                throw new FormatException("expects sizes that fit an archive of " + fileSize + " bytes, got "
                        + entry.getSize() + " packed into " + packed);
            }
            Tensor tensor = Npy.read(Channels.newChannel(in), entry.getSize());
            if (in.read() >= 0) {
                throw new FormatException("expects " + entry.getSize() + " bytes, got more");
            }
            if (crc.getValue() != entry.getCrc()) {
                throw new FormatException("expects CRC-32 " + Long.toHexString(entry.getCrc()) + ", got "
                        + Long.toHexString(crc.getValue()));
            }
            return tensor;
        } catch (FormatException | ZipException | EOFException e) {
            throw new FormatException("npz: " + path + ": " + entry.getName() + ": " + e.getMessage(), e);
        }
    }

    /// Writes `tensors` without compression, like NumPy's `savez`, sorted by name.
    ///
    /// @throws IllegalArgumentException if a tensor is `BF16`
    /// @throws IOException              if the file cannot be written; what was there before is then
    ///                                  unchanged
    public static void write(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, tensors, ZipEntry.STORED);
    }

    /// Writes `tensors` deflated, like NumPy's `savez_compressed`, sorted by name.
    ///
    /// @throws IllegalArgumentException if a tensor is `BF16`
    /// @throws IOException              if the file cannot be written; what was there before is then
    ///                                  unchanged
    public static void writeCompressed(Path path, Map<String, Tensor> tensors) throws IOException {
        write(path, tensors, ZipEntry.DEFLATED);
    }

    private static void write(Path path, Map<String, Tensor> tensors, int method) throws IOException {
        Map<String, Tensor> sorted = new TreeMap<>(tensors);
        AtomicFile.write(path, channel -> writeArchive(sorted, method, channel));
    }

    private static void writeArchive(Map<String, Tensor> tensors, int method, FileChannel channel) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(new Unclosed(Channels.newOutputStream(channel)))) {
            for (Map.Entry<String, Tensor> named : tensors.entrySet()) {
                Tensor tensor = named.getValue();
                byte[] header = Npy.header(tensor);
                ZipEntry entry = new ZipEntry(named.getKey() + SUFFIX);
                entry.setTimeLocal(TIME);
                entry.setMethod(method);
                if (method == ZipEntry.STORED) {
                    // Stored entries say size and checksum before the data, so the data is walked twice.
                    entry.setSize(header.length
                            + (long) tensor.numel() * tensor.dtype().bytes());
                    entry.setCrc(checksum(header, tensor));
                }
                zip.putNextEntry(entry);
                Npy.writeBody(header, tensor, Channels.newChannel(zip));
                zip.closeEntry();
            }
        }
    }

    private static long checksum(byte[] header, Tensor tensor) throws IOException {
        CRC32 crc = new CRC32();
        Npy.writeBody(
                header, tensor, Channels.newChannel(new CheckedOutputStream(OutputStream.nullOutputStream(), crc)));
        return crc.getValue();
    }

    /// Lets the archive be finished without closing the file, which is still to be forced to disk.
    private static final class Unclosed extends FilterOutputStream {
        Unclosed(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            out.write(bytes, from, length);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }
}
