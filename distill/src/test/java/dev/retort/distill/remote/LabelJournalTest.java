package dev.retort.distill.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelJournalTest {
    @TempDir
    private Path folder;

    private static LabelRequest request(String id, int... indices) {
        return new LabelRequest(id, "data", indices, Service.inputs(indices));
    }

    private Path written() throws IOException {
        Path file = folder.resolve("labels.journal");
        try (LabelJournal journal = LabelJournal.open(file, "t")) {
            journal.sent(request("a", 1, 2), new BigDecimal("0.20"), false);
            journal.answered(request("a", 1, 2), new float[][] {{1, 2}, {.1f, -3e-30f}});
            journal.sent(request("b", 7), new BigDecimal("0.10"), false);
            journal.released("b");
            journal.sent(request("c", 9, 8, 4), new BigDecimal("0.30"), false);
            journal.sent(request("c", 9, 8, 4), new BigDecimal("0.30"), false);
            journal.answered(request("c", 9, 8, 4), new float[][] {{1, 2}, {3, 4}, {5, 6}});
            journal.sent(request("d", 11), new BigDecimal("0.10"), false);
        }
        return file;
    }

    @Test
    void everythingIsThereAgain() throws IOException {
        try (LabelJournal journal = LabelJournal.open(written(), "t")) {
            assertThat(journal.get("data", new int[] {2, 8, 1}).toFloats()).containsExactly(.1f, -3e-30f, 3, 4, 1, 2);
            assertThat(journal.has("data", 7)).isFalse();
            assertThat(journal.has("other", 1)).isFalse();
            assertThat(journal.spending()).isEqualTo(new Spending(9, new BigDecimal("0.90"), 4, 4));
            assertThat(journal.unanswered()).hasSize(1);
            assertThat(journal.isOpen("d")).isTrue();
            assertThatThrownBy(() -> journal.get("data", new int[] {1, 11})).hasMessageContaining("sample 11 of data");
        }
    }

    /// Lines over several buffers, and a torn one behind them.
    @Test
    void aLongJournalIsReadLineByLine() throws IOException {
        Path file = folder.resolve("long.journal");
        float[][] logits = new float[3][20_000];
        for (int i = 0; i < logits.length; i++) {
            for (int c = 0; c < logits[i].length; c++) {
                logits[i][c] = i + c / 7f;
            }
        }
        try (LabelJournal journal = LabelJournal.open(file, "t")) {
            for (int i = 0; i < 5; i++) {
                int[] rows = {3 * i, 3 * i + 1, 3 * i + 2};
                journal.sent(request("r" + i, rows), BigDecimal.ONE, false);
                journal.answered(request("r" + i, rows), logits);
            }
        }
        long size = Files.size(file);
        assertThat(size).isGreaterThan(1 << 21);
        Files.write(file, new byte[100_000], java.nio.file.StandardOpenOption.APPEND);
        try (LabelJournal journal = LabelJournal.open(file, "t")) {
            assertThat(journal.get("data", new int[] {13}).toFloats()).isEqualTo(logits[1]);
            assertThat(journal.spending().rows()).isEqualTo(15);
        }
        assertThat(Files.size(file)).isEqualTo(size);
    }

    /// As if the machine had lost its power after any number of bytes.
    @Test
    void aTornEndIsCutOffAndNothingElse() throws IOException {
        byte[] bytes = Files.readAllBytes(written());
        Path torn = folder.resolve("torn.journal");
        for (int length = 0; length <= bytes.length; length++) {
            byte[] rest = Arrays.copyOf(bytes, length);
            Files.write(torn, rest);
            long whole = new String(rest, java.nio.charset.StandardCharsets.UTF_8)
                    .chars()
                    .filter(c -> c == '\n')
                    .count();
            try (LabelJournal journal = LabelJournal.open(torn, "t")) {
                assertThat(journal.has("data", 2)).as("%d bytes", length).isEqualTo(whole >= 3);
                assertThat(journal.has("data", 4)).as("%d bytes", length).isEqualTo(whole >= 8);
                journal.sent(request("e", 20), BigDecimal.ONE, false);
                journal.answered(request("e", 20), new float[][] {{7, 8}});
            }
            try (LabelJournal journal = LabelJournal.open(torn, "t")) {
                assertThat(journal.get("data", new int[] {20}).toFloats()).containsExactly(7, 8);
                assertThat(journal.has("data", 2)).isEqualTo(whole >= 3);
            }
        }
    }

    @Test
    void anEndOfZerosIsATornEnd() throws IOException {
        Path file = written();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length + 4_096));
        try (LabelJournal journal = LabelJournal.open(file, "t")) {
            assertThat(journal.has("data", 4)).isTrue();
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void damageInTheMiddleIsAnError() throws IOException {
        byte[] bytes = Files.readAllBytes(written());
        int last = bytes.length - 2;
        while (bytes[last] != '\n') {
            last--;
        }
        for (int at = 3; at < last; at += 7) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 1;
            Path file = folder.resolve("damaged.journal");
            Files.write(file, damaged);
            assertThatThrownBy(() -> LabelJournal.open(file, "t").close())
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("is damaged, with whole lines behind it");
            assertThat(Files.readAllBytes(file)).as("nothing is cut off").isEqualTo(damaged);
        }
        bytes[bytes.length - 5] ^= 1;
        Path file = folder.resolve("last.journal");
        Files.write(file, bytes);
        try (LabelJournal journal = LabelJournal.open(file, "t")) {
            assertThat(journal.isOpen("d")).isFalse();
            assertThat(journal.has("data", 4)).isTrue();
        }
    }

    @Test
    void aFileThatIsNoJournalIsLeftAlone() throws IOException {
        Path file = folder.resolve("labels.csv");
        for (String content : new String[] {"a,b\n1,2\n", "one line", "\n", "5d2f0a81 {\"journal\"\n"}) {
            Files.writeString(file, content);
            assertThatThrownBy(() -> LabelJournal.open(file, "t"))
                    .isInstanceOf(FormatException.class)
                    .hasMessageContaining("labels.csv: expected a retort labels 1");
            assertThat(file).hasContent(content);
        }
        Files.write(file, new byte[100]);
        LabelJournal.open(file, "t").close();
    }

    @Test
    void onlyOneUserAtATime() throws IOException {
        Path file = written();
        try (LabelJournal _ = LabelJournal.open(file, "t")) {
            assertThatThrownBy(() -> LabelJournal.open(file, "t"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("has it open");
        }
        LabelJournal.open(file, "t").close();
    }

    @Test
    void anotherTeachersJournalIsRefused() throws IOException {
        Path file = written();
        assertThatThrownBy(() -> LabelJournal.open(file, "u"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("to be of teacher u, it is of t");
        LabelJournal.open(file, "t").close();
        Path other = folder.resolve("notes.txt");
        Files.write(other, JournalLine.encode(dev.retort.tensor.io.Json.of(java.util.Map.of("hello", 1))));
        assertThatThrownBy(() -> LabelJournal.open(other, "t"))
                .hasMessageContaining("expected a retort labels 1, got none");
    }
}
