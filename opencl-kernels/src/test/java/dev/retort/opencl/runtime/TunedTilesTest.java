package dev.retort.opencl.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Needs no device.
class TunedTilesTest {
    private static final String FOLDER = "dev.retort.opencl.cache.folder";
    private static final int[] SIZES = {64, 32, 16, 4, 2};

    @TempDir
    private Path folder;

    @BeforeEach
    void ownFolder() {
        System.setProperty(FOLDER, folder.toString());
    }

    @AfterEach
    void usersFolder() {
        System.clearProperty(FOLDER);
    }

    private static TunedTiles read(String driver) {
        return TunedTiles.of(new DeviceLimits(
                "platform",
                "name",
                "vendor",
                "1.2",
                driver,
                2,
                1L << 30,
                1L << 30,
                1 << 15,
                256,
                false,
                true,
                true,
                0));
    }

    @Test
    void otherProcessesFindThemAndOtherDriversDoNot() throws Exception {
        TunedTiles tiles = read("1");
        assertThat(tiles.get("MATMUL")).isEmpty();
        tiles.set("MATMUL", SIZES);
        tiles.save();

        assertThat(read("1").get("MATMUL")).contains(SIZES);
        assertThat(read("1").get("CONVOLUTION")).isEmpty();
        assertThat(read("2").get("MATMUL")).isEmpty();
    }

    @Test
    void aDamagedFileIsIgnored() throws Exception {
        TunedTiles tiles = read("1");
        tiles.set("MATMUL", SIZES);
        Path file = tiles.save();
        for (String text : new String[] {"MATMUL 64 32", "MATMUL 64 32 16 4 x\n", "MATMUL 0 1 1 1 1\n", "\0\0\0"}) {
            Files.writeString(file, text);
            assertThat(read("1").get("MATMUL")).as(text).isEqualTo(Optional.empty());
        }
        Files.write(file, new byte[] {(byte) 0xFF, (byte) 0xFE, 1});
        assertThat(read("1").get("MATMUL")).isEmpty();
    }
}
