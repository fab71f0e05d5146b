package dev.retort.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CsvTest {
    @Test
    void cellsThatNeedItStandInQuotes() {
        assertThat(new Csv(List.of("name", "value"))
                        .row("plain words", 1.5)
                        .row("a, b", "say \"so\"")
                        .row("two\nlines", "a\rb")
                        .row("", 3)
                        .toString())
                .isEqualTo("name,value\nplain words,1.5\n\"a, b\",\"say \"\"so\"\"\"\n\"two\nlines\",\"a\rb\"\n,3\n");
    }
}
