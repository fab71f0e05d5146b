package dev.retort.nn.data;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Where downloads are kept: the system property `dev.retort.cache`, else the environment variable
/// `RETORT_CACHE`, else `retort` in `XDG_CACHE_HOME`, else `~/.cache/retort`; of a user
/// without a home, whose `user.home` is `?`, in the folder for temporary files.
public final class CacheFolder {
    private CacheFolder() {}

    /// The folder; it need not exist yet.
    public static Path path() {
        return path(System.getProperty("dev.retort.cache", ""), System.getenv(), System.getProperty("user.home"));
    }

    static Path path(String property, Map<String, String> environment, String home) {
        String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
        Optional<Path> named = Stream.of(property, environment.getOrDefault("RETORT_CACHE", ""))
                .filter(name -> !name.isBlank())
                .map(Path::of)
                .findFirst();
        Path own = home.equals("?") ? Path.of(System.getProperty("java.io.tmpdir")) : Path.of(home, ".cache");
        return named.orElseGet(() -> (xdg.isBlank() ? own : Path.of(xdg)).resolve("retort"));
    }
}
