package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.Rng;
import dev.retort.tensor.io.FormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvDatasetTest {
    @TempDir
    Path folder;

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("data.csv"), text);
    }

    @Test
    void featuresAndClassesAreRead() throws IOException {
        CsvDataset read = CsvDataset.classification(file("x,kind,y\n1,cat,-2.5\n3e2,ant,.5\n-0, cat ,+4\n"), "kind");
        assertThat(read.size()).isEqualTo(3);
        assertThat(read.featureNames()).containsExactly("x", "y");
        assertThat(read.classNames()).containsExactly(" cat ", "ant", "cat");
        assertThat(read.labels()).containsExactly(2, 1, 0);
        assertThat(read.get(0).input().toFloats()).containsExactly(1, -2.5f);
        assertThat(read.get(1).input().toFloats()).containsExactly(300, 0.5f);
        assertThat(read.features().toFloats()).containsExactly(1, -2.5f, 300, 0.5f, -0f, 4);
    }

    @Test
    void integerClassesAreInNumericalOrder() throws IOException {
        CsvDataset read = CsvDataset.classification(file("x,label\n1,10\n2,9\n3,-1\n"), "label");
        assertThat(read.classNames()).containsExactly("-1", "9", "10");
        assertThat(read.labels()).containsExactly(2, 1, 0);
    }

    @Test
    void quotesLineBreaksAndSpreadsheetHabitsAreUnderstood() throws IOException {
        String text = "\uFEFF\"a \"\"b\"\"\",\"la,bel\"\r\n\"1\",\"two\nlines\"\r\n\r\n2,\"\"\r\n3,x";
        CsvDataset read = CsvDataset.classification(file(text), "la,bel");
        assertThat(read.featureNames()).containsExactly("a \"b\"");
        assertThat(read.classNames()).containsExactly("", "two\nlines", "x");
        assertThat(read.features().toFloats()).containsExactly(1, 2, 3);
    }

    @Test
    void targetsOfRegressionAreValues() throws IOException {
        CsvDataset read = CsvDataset.regression(file("a,b,c\n1,2,3\n4,5,6\n"), List.of("c", "a"));
        assertThat(read.get(1).input().toFloats()).containsExactly(5);
        assertThat(read.get(1).target().toFloats()).containsExactly(6, 4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "~~ | expects a line of names and at least one row, got 0 lines",
                "x,label | expects a line of names and at least one row, got 1 lines",
                "x,x,label;1,2,a | line 1: expects each name once, got [x, x, label]",
                "x,y;1,2 | expects a column label, got [x, y]",
                "x,label;1,a;2 | line 3: expects 2 fields as in the first line, got 1",
                "x,label;1,a;2,b,c | line 3: expects 2 fields as in the first line, got 3",
                "x,label;1,a;;oops,b | line 4: column x: expects a finite number, got \"oops\"",
                "x,label;1,a;,b | line 3: column x: expects a finite number, got \"\"",
                "x,label;NaN,a | line 2: column x: expects a finite number, got \"NaN\"",
                "x,label;1e99,a | line 2: column x: expects a finite number, got \"1e99\"",
                "x,label;1f,a | line 2: column x: expects a finite number, got \"1f\"",
                "x,label;1,\"a;b | line 2: expects a closing quote, got the end of the file",
                "x,label;1,\"a\"b | line 2: expects , or the end of the line after a closing quote, got b",
                "x,label;\"1;\",a;1,\"a\"b | line 4: expects , or the end of the line",
                "x,label;1,a\"b | line 2: expects a field with quotes to start with one, got a\"",
            })
    void errorsGiveTheLine(String lines, String message) throws IOException {
        Path file = file(lines.replace(';', '\n'));
        assertThatThrownBy(() -> CsvDataset.classification(file, "label"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("data.csv")
                .hasMessageContaining(message);
    }

    @Test
    void bytesMustBeUtf8() throws IOException {
        Path file = Files.write(folder.resolve("data.csv"), "x,label\n1,\u00E4".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> CsvDataset.classification(file, "label"))
                .isInstanceOf(FormatException.class)
                .hasMessageContaining("expects UTF-8");
    }

    @Test
    void flippedBytesNeverDoMoreThanThrow() throws IOException {
        byte[] whole = "x,y,label\r\n1,2,\"a,\"\"b\"\r\n-3.5,4e1,c\r\n".getBytes(StandardCharsets.US_ASCII);
        Rng random = new Rng(2);
        int errors = 0;
        for (int i = 0; i < 2000; i++) {
            byte[] bytes = whole.clone();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 + random.nextInt(127));
            Files.write(folder.resolve("data.csv"), bytes);
            try {
                assertThat(CsvDataset.classification(folder.resolve("data.csv"), "label")
                                .size())
                        .isPositive();
            } catch (FormatException e) {
                errors++;
            }
        }
        assertThat(errors).isGreaterThan(100);
    }
}
