package dev.retort.bench.peers;

import dev.retort.bench.CommandException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Enumeration;
import java.util.Locale;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// Unpacks what JNI loads: the official libtorch with MKL and oneDNN, and the bridge that another
/// build of libtorch brought. The bridge names libtorch by its file name, so whichever lies beside
/// it is used.
final class NativeLibraries {
    private static final String TORCH = "pytorch/cpu/linux-x86_64/";
    private static final String BRIDGE = "org/bytedeco/pytorch/linux-x86_64/libjnitorch.so";

    private NativeLibraries() {}

    /// Ends the command on a platform that has no such libraries.
    static void checkPlatform() {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch");
        if (!system.equals("linux") || !(processor.equals("amd64") || processor.equals("x86_64"))) {
            throw new CommandException("bench peers: the peers exist for Linux on x86-64 only, this is "
                    + System.getProperty("os.name") + " on " + processor);
        }
    }

    /// The folder with the unpacked libraries; unpacks them (470 MB) where they are not there.
    static Path unpack(Path home) {
        Path target = home.resolve("bench").resolve("peers").resolve("target");
        Path folder = target.resolve("natives");
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(target.resolve("packed"), "*.jar")) {
            Files.createDirectories(folder);
            for (Path jar : jars) {
                unpack(jar, folder);
            }
        } catch (IOException e) {
            throw new CommandException(
                    "bench peers: the peers' libraries cannot be unpacked to " + folder + ": " + e.getMessage(), e);
        }
        if (!Files.exists(folder.resolve("libtorch_cpu.so")) || !Files.exists(folder.resolve("libjnitorch.so"))) {
            throw new CommandException("bench peers: libtorch is missing in " + target.resolve("packed") + "; delete "
                    + target + " and start again");
        }
        return folder;
    }

    private static void unpack(Path jar, Path folder) throws IOException {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
                ZipEntry entry = all.nextElement();
                String name = entry.getName();
                if (!entry.isDirectory() && (name.startsWith(TORCH) || name.equals(BRIDGE))) {
                    Path file = folder.resolve(name.substring(name.lastIndexOf('/') + 1));
                    if (!Files.exists(file) || Files.size(file) != entry.getSize()) {
                        copy(zip, entry, file);
                    }
                }
            }
        }
    }

    private static void copy(ZipFile zip, ZipEntry entry, Path file) throws IOException {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try (InputStream in = zip.getInputStream(entry)) {
            Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }
}
