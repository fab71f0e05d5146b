package dev.retort.tensor.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Sizes of the processor's caches, for kernels whose blocks should stay in one.
///
/// Linux tells them in `/sys`; where nothing does, the sizes are those of common server processors. They decide on the
/// speed of a kernel only, never on its bits.
public final class CacheSizes {
    private static final Path LINUX = Path.of("/sys/devices/system/cpu/cpu0/cache");
    private static final int USUAL_SECOND_LEVEL = 1 << 20;

    /// Bytes of the second-level cache of a core.
    public static final int SECOND_LEVEL = bytes(LINUX, 2, USUAL_SECOND_LEVEL);

    private CacheSizes() {}

    /// Bytes of the cache of a level that holds data, as the folder describes it; `otherwise` if it does not.
    static int bytes(Path folder, int level, int otherwise) {
        for (int i = 0; Files.isDirectory(folder.resolve("index" + i)); i++) {
            Path cache = folder.resolve("index" + i);
            if (line(cache, "level").equals(String.valueOf(level))
                    && !line(cache, "type").equals("Instruction")) {
                return bytes(line(cache, "size"), otherwise);
            }
        }
        return otherwise;
    }

    /// Bytes of a size such as `512K` or `2M`.
    private static int bytes(String size, int otherwise) {
        if (!size.matches("[1-9][0-9]{0,5}[KM]")) {
            return otherwise;
        }
        int number = Integer.parseInt(size, 0, size.length() - 1, 10);
        long bytes = (long) number << (size.endsWith("M") ? 20 : 10);
        return (int) Math.min(bytes, Integer.MAX_VALUE);
    }

    private static String line(Path cache, String name) {
        try {
            return Files.readString(cache.resolve(name)).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
