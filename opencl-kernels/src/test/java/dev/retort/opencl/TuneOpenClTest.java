package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.spi.KernelClock;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Tiles that were tuned are used, and every shape of tile computes the same.
class TuneOpenClTest {
    private static final int[][] TILES = {
        {32, 64, 32, 32, 64}, {16, 32, 8, 16, 32}, {64, 64, 8, 8, 8}, {32, 32, 16, 4, 4}, {32, 128, 16, 4, 8}
    };

    private final ClDevice device = TestDevice.opened();

    @AfterEach
    void asShipped() {
        device.tiles().remove("MATMUL");
        device.tiles().remove("CONVOLUTION");
    }

    @Test
    void productsAreTheSameWithEveryTile() {
        Tensor a = Random.normal(new Rng(1), 45, 37);
        Tensor b = Random.normal(new Rng(2), 37, 83);
        float[] expected = a.matmul(b).toFloats();
        for (int[] tile : TILES) {
            device.tiles().set("MATMUL", tile);
            assertThat(a.to(device.name()).matmul(b.to(device.name())).toFloats())
                    .as(java.util.Arrays.toString(tile))
                    .usingComparatorWithPrecision(1e-4f)
                    .containsExactly(expected);
        }
    }

    @Test
    void convolutionsAreTheSameWithEveryTile() {
        Tensor x = Random.normal(new Rng(1), 3, 5, 9, 7);
        Tensor w = Random.normal(new Rng(2), 12, 5, 3, 3);
        ConvOp.Geometry geometry = ConvOp.Geometry.of(2, 1);
        float[] expected = x.conv2d(w, null, geometry).toFloats();
        for (int[] tile : TILES) {
            device.tiles().set("CONVOLUTION", tile);
            assertThat(x.to(device.name())
                            .conv2d(w.to(device.name()), null, geometry)
                            .toFloats())
                    .as(java.util.Arrays.toString(tile))
                    .usingComparatorWithPrecision(1e-4f)
                    .containsExactly(expected);
        }
    }

    @Test
    void aTileThatCannotBeCompiledIsNotUsed() {
        device.tiles().set("MATMUL", new int[] {33, 64, 8, 4, 4});
        Tensor ones = Tensor.ones(40, 40);
        assertThat((double)
                        ones.to(device.name()).matmul(ones.to(device.name())).toFloats()[7])
                .isCloseTo(40, within(1e-6));
    }

    @Test
    void theClockTimesKernelsInOrder() {
        KernelClock clock = device.profile();
        clock.start();
        Tensor ones = Tensor.ones(64, 64).to(device.name());
        ones.matmul(ones).add(ones).toFloats();
        List<KernelClock.Span> spans = clock.stop();

        assertThat(spans).extracting(KernelClock.Span::kernel).contains("product");
        assertThat(spans).allSatisfy(span -> {
            assertThat(span.queued()).isLessThanOrEqualTo(span.start());
            assertThat(span.start()).isLessThanOrEqualTo(span.end());
        });
        assertThat(spans).isSortedAccordingTo(java.util.Comparator.comparingLong(KernelClock.Span::start));
    }
}
