package dev.retort.tensor.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CacheSizesTest {
    @TempDir
    Path folder;

    private void cache(int index, String level, String type, String size) throws IOException {
        Path cache = Files.createDirectory(folder.resolve("index" + index));
        Files.writeString(cache.resolve("level"), level + "\n");
        Files.writeString(cache.resolve("type"), type + "\n");
        Files.writeString(cache.resolve("size"), size + "\n");
    }

    @Test
    void findsTheCacheOfDataOnItsLevel() throws IOException {
        cache(0, "1", "Instruction", "64K");
        cache(1, "1", "Data", "32K");
        cache(2, "2", "Unified", "512K");
        cache(3, "3", "Unified", "32M");
        assertThat(CacheSizes.bytes(folder, 1, 7)).isEqualTo(32 << 10);
        assertThat(CacheSizes.bytes(folder, 2, 7)).isEqualTo(512 << 10);
        assertThat(CacheSizes.bytes(folder, 3, 7)).isEqualTo(32 << 20);
        assertThat(CacheSizes.bytes(folder, 4, 7)).isEqualTo(7);
    }

    @ParameterizedTest
    @CsvSource({"0K", "''", "12", "K", "-1K", "1G", "99999999K"})
    void takesTheUsualSizeForWhatItCannotRead(String size) throws IOException {
        cache(0, "2", "Unified", size);
        assertThat(CacheSizes.bytes(folder, 2, 7)).isEqualTo(7);
    }

    @Test
    void takesTheUsualSizeWhereNothingIsTold() throws IOException {
        assertThat(CacheSizes.bytes(folder.resolve("none"), 2, 7)).isEqualTo(7);
        Files.createDirectory(folder.resolve("index0"));
        assertThat(CacheSizes.bytes(folder, 2, 7)).isEqualTo(7);
        assertThat(CacheSizes.SECOND_LEVEL).isPositive();
    }

    @Test
    void keepsLargeCachesInRange() throws IOException {
        cache(0, "3", "Unified", "999999M");
        assertThat(CacheSizes.bytes(folder, 3, 7)).isEqualTo(Integer.MAX_VALUE);
    }
}
