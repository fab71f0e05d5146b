package dev.retort.opencl.runtime;

import dev.retort.tensor.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/// Sizes of tiles that were fastest on a device, in a file beside the compiled programs.
///
/// The name of the file is a hash of device, driver and the kernels of products, so other drivers and
/// kernels are tuned anew. It has a line a use: its name and five sizes. A file that does not read so is
/// ignored, with a warning.
public final class TunedTiles {
    private static final int SIZES = 5;
    private static final int LARGEST = 1024;

    private final Path file;
    private final Map<String, int[]> tiles = new ConcurrentHashMap<>();

    private TunedTiles(Path file) {
        this.file = file;
    }

    /// The tiles of a device, read from this user's folder.
    static TunedTiles of(DeviceLimits limits) {
        Path folder = BinaryCache.defaultFolder();
        String kernels =
                Programs.resource("problem") + Programs.resource("product") + Programs.resource("product_core");
        Path program = new BinaryCache(folder).file(limits.fingerprint(), "tiles", kernels);
        String name = String.valueOf(program.getFileName()).replace(".clbin", ".tiles");
        TunedTiles tiles = new TunedTiles(folder.resolve(name));
        tiles.read();
        return tiles;
    }

    private void read() {
        if (!Files.exists(file)) {
            return;
        }
        try {
            Map<String, int[]> found = new TreeMap<>();
            for (String line : Files.readAllLines(file)) {
                String[] words = line.split(" ");
                found.put(words[0], sizes(words));
            }
            tiles.putAll(found);
        } catch (IOException | IllegalArgumentException e) {
            System.getLogger(TunedTiles.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "{0} is ignored, because it is damaged ({1}); ./retort tune makes it again",
                            file,
                            e.getMessage());
        }
    }

    private static int[] sizes(String[] words) {
        if (words.length != SIZES + 1) {
            throw new IllegalArgumentException(
                    "expected a name and " + SIZES + " sizes, got " + words.length + " words");
        }
        int[] sizes = new int[SIZES];
        for (int i = 0; i < SIZES; i++) {
            sizes[i] = Integer.parseInt(words[i + 1]);
            if (sizes[i] < 1 || sizes[i] > LARGEST) {
                throw new IllegalArgumentException("expected sizes in [1, " + LARGEST + "], got " + sizes[i]);
            }
        }
        return sizes;
    }

    /// The five sizes for a use.
    public Optional<int[]> get(String use) {
        return Optional.ofNullable(tiles.get(use));
    }

    /// Uses these sizes from now on.
    public void set(String use, int[] sizes) {
        tiles.put(use, sizes.clone());
    }

    /// Forgets the sizes for a use.
    public void remove(String use) {
        tiles.remove(use);
    }

    /// Stores the sizes for later processes and returns the file.
    public Path save() throws IOException {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(tiles).forEach((use, sizes) -> {
            text.append(use);
            Arrays.stream(sizes).forEach(size -> text.append(' ').append(size));
            text.append('\n');
        });
        Files.createDirectories(file.toAbsolutePath().getParent());
        AtomicFile.write(file, text.toString().getBytes(StandardCharsets.UTF_8));
        return file;
    }
}
