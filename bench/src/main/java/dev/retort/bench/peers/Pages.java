package dev.retort.bench.peers;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/// The size of the memory pages that both sides of a comparison ask for.
enum Pages {
    /// Pages of 2 MB: `-XX:+UseTransparentHugePages` for the Java heap, `glibc.malloc.hugetlb` for
    /// libtorch's memory. On systems that refuse them both sides get small ones.
    HUGE,

    /// The system's usual pages, mostly 4 KB.
    SMALL;

    private static final Path SYSTEM = Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

    /// What a process of this system gets when it asks for these pages.
    Pages available() throws IOException {
        return this == HUGE && granted(SYSTEM) ? HUGE : SMALL;
    }

    /// Whether the file's bracketed choice is one of those that grant huge pages, as in
    /// `always [madvise] never`; a file that is missing grants none.
    static boolean granted(Path setting) throws IOException {
        if (!Files.isReadable(setting)) {
            return false;
        }
        String choices = Files.readString(setting, StandardCharsets.US_ASCII);
        return choices.contains("[always]") || choices.contains("[madvise]");
    }

    /// Flags of a Java process; none for small pages, where Java would warn about a system without
    /// huge ones.
    List<String> javaFlags() {
        return this == HUGE ? List.of("-XX:+UseTransparentHugePages") : List.of();
    }

    /// The end of `GLIBC_TUNABLES`.
    String glibcTunable() {
        return this == HUGE ? ":glibc.malloc.hugetlb=1" : "";
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
