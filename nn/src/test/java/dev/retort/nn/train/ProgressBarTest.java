package dev.retort.nn.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private long nanos;

    private ProgressBar bar(int columns) {
        return new ProgressBar(new PrintStream(bytes, true, StandardCharsets.UTF_8), columns, () -> nanos);
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void withoutATerminalOnlyFinishedTasksArePrinted() {
        try (ProgressBar bar = bar(0)) {
            bar.start("teacher", 100, "images");
            nanos += 2_000_000_000L;
            bar.advance(100, "loss 0.5");
            assertThat(text()).isEmpty();
        }
        assertThat(text().lines()).containsExactly("teacher: 100 images in 2.0 s, loss 0.5");
    }

    @Test
    void onATerminalTheLineShowsShareSpeedAndTimeLeft() {
        ProgressBar bar = bar(120);
        bar.start("student", 4000, "images");
        nanos += 10_000_000_000L;
        bar.advance(1000, "loss 0.5");
        assertThat(text()).endsWith("student ██████░░░░░░░░░░░░░░░░░░  25 %  100 images/s  0:30 left  loss 0.5");
    }

    @Test
    void theLineIsRedrawnAtMostTenTimesASecondAndNeverWraps() {
        ProgressBar bar = bar(40);
        bar.start("student", 1000, "images");
        for (int i = 0; i < 1000; i++) {
            nanos += 1_000_000;
            bar.advance(1, "a note that is far too long for a terminal of forty columns");
        }
        String[] drawings = text().split("\r\033\\[K");
        assertThat(drawings.length).isBetween(10, 13);
        assertThat(drawings).allMatch(drawing -> drawing.length() < 40);
    }

    @Test
    void aNewTaskEndsTheOneBefore() {
        ProgressBar bar = bar(0);
        bar.start("one", 1, "steps");
        bar.advance(1, "");
        bar.start("two", 1, "steps");
        bar.close();
        bar.close();
        assertThat(text().lines()).containsExactly("one: 1 steps in 0.0 s", "two: 0 steps in 0.0 s");
    }
}
