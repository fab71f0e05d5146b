package dev.retort.tensor.cpu.simd.planes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.conv.DefinedConv;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Planes to vectors of channels and back, for all numbers of pixels around a vector and of channels within one.
class ChannelLanesTest {
    private static final int L = Lanes.LENGTH;

    static Stream<Arguments> sizes() {
        return IntStream.of(1, L - 1, L)
                .filter(channels -> channels > 0)
                .boxed()
                .flatMap(channels -> IntStream.of(1, 5, L - 1, L, L + 1, 2 * L, 2 * L + 3)
                        .mapToObj(count -> Arguments.of(channels, count)));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void movesEveryElementAndNoOther(int channels, int count) {
        int plane = count + 3;
        float[] x = DefinedConv.floats(2 + L * plane, 1);
        float[] lanes = new float[7 + (count + 1) * L];
        ChannelLanes.gather(x, 2, plane, channels, count, lanes, 7);
        for (int i = 0; i < count * L; i++) {
            float expected = i % L < channels ? x[2 + i % L * plane + i / L] : 0f;
            assertThat(lanes[7 + i]).isEqualTo(expected);
        }
        float[] back = new float[2 + L * plane];
        ChannelLanes.scatter(lanes, 7, count, back, 2, plane, channels, null, 0);
        for (int i = 0; i < back.length; i++) {
            int at = i - 2;
            boolean moved = at >= 0 && at / plane < channels && at % plane < count;
            assertThat(back[i]).isEqualTo(moved ? x[i] : 0f);
        }
        assertThat(lanes[6]).isZero();
        assertThat(lanes[7 + count * L]).isZero();
    }
}
