package dev.retort.tensor.cpu.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScratchTest {
    /// The regions that `-XX:+PrintFlagsFinal` shows for these heaps, up to the largest that is asked for.
    @ParameterizedTest
    @CsvSource({"512, 1", "2048, 1", "2500, 2", "4096, 2", "7168, 4", "8192, 4", "65536, 4"})
    void anArrayWithHeaderIsMoreThanHalfOfTheRegionThatJavaChooses(long heapMebibytes, long regionMebibytes) {
        assertThat(Scratch.ownRegion(0, heapMebibytes << 20) * 4L).isEqualTo(regionMebibytes << 19);
    }

    @Test
    void theLaunchersRegionsDecideWhateverTheHeapIs() {
        assertThat(Scratch.ownRegion(1, 8L << 30) * 4).isEqualTo(1 << 19);
    }
}
