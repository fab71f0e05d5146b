package dev.retort.bench.distill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingTimeTest {
    @TempDir
    private Path folder;

    @Test
    void timeGoesOnWhereItWasSaved() throws IOException {
        Files.writeString(folder.resolve("seconds.txt"), "100.5\n");
        TrainingTime time = TrainingTime.in(folder);
        assertThat(time.seconds()).isEqualTo(100.5);
        time.save();
        assertThat(TrainingTime.in(folder).seconds()).isEqualTo(time.seconds()).isGreaterThanOrEqualTo(100.5);
    }

    @Test
    void aDamagedFileStartsAgain() throws IOException {
        for (String damaged : List.of("", "abc", "\u00FF\u00FE", "1e999", "-3", "NaN")) {
            Files.write(folder.resolve("seconds.txt"), damaged.getBytes(StandardCharsets.ISO_8859_1));
            assertThat(TrainingTime.in(folder).seconds()).as(damaged).isZero();
        }
    }
}
