package dev.retort.opencl.runtime;

import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Compiled programs on disk, one file a program: a checksum and the driver's binary.
///
/// The name of a file is a hash of device, driver, options and source, so nothing is ever stale. A file
/// that is damaged or that the driver rejects is deleted and made again. Files are replaced atomically,
/// so several processes may share the folder; what cannot be written is not cached.
final class BinaryCache {
    private static final int HASH = 32;

    private final Path folder;

    BinaryCache(Path folder) {
        this.folder = folder;
    }

    /// The folder of this user's programs: the property `dev.retort.opencl.cache.folder`, or
    /// `~/.cache/retort/opencl`.
    static Path defaultFolder() {
        String chosen = System.getProperty("dev.retort.opencl.cache.folder");
        if (chosen != null) {
            return Path.of(chosen);
        }
        String base = System.getenv("XDG_CACHE_HOME");
        Path cache =
                base == null || base.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(base);
        return cache.resolve("retort").resolve("opencl");
    }

    Path file(String fingerprint, String options, String source) {
        byte[] hash = sha256((fingerprint + "\0" + options + "\0" + source).getBytes(StandardCharsets.UTF_8));
        return folder.resolve(HexFormat.of().formatHex(hash, 0, 16) + ".clbin");
    }

    /// The binary in a file, or null if there is none or it is damaged.
    byte @Nullable [] read(Path file) {
        try {
            byte[] all = Files.readAllBytes(file);
            if (all.length > HASH) {
                byte[] binary = Arrays.copyOfRange(all, HASH, all.length);
                if (Arrays.equals(all, 0, HASH, sha256(binary), 0, HASH)) {
                    return binary;
                }
            }
            delete(file);
            return null;
        } catch (IOException e) {
            return null;
        }
    }

    /// Removes a file that turned out to be of no use.
    void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            file.toFile().deleteOnExit(); // the next process tries again
        }
    }

    void write(Path file, byte[] binary) {
        try {
            byte[] all = Arrays.copyOf(sha256(binary), HASH + binary.length);
            System.arraycopy(binary, 0, all, HASH, binary.length);
            AtomicFile.write(file, all);
        } catch (IOException e) {
            delete(file); // a full or read-only disk costs time, not results
        }
    }

    private static byte[] sha256(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
