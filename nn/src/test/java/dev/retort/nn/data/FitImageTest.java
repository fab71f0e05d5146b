package dev.retort.nn.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FitImageTest {
    @Test
    void greyIsLuminanceAndColourRepeatsGrey() {
        Tensor red = Tensor.cat(0, Tensor.ones(1, 2, 2), Tensor.zeros(1, 2, 2), Tensor.zeros(1, 2, 2));
        assertThat(new FitImage(1, 2, 2).apply(red).toFloats()).containsOnly(.299f);
        Tensor grey = Tensor.of(new float[] {.1f, .2f, .3f, .4f}, 1, 2, 2);
        Tensor colour = new FitImage(3, 2, 2).apply(grey);
        assertThat(colour.shape()).isEqualTo(Shape.of(3, 2, 2));
        assertThat(colour.select(0, 2).toFloats()).containsExactly(.1f, .2f, .3f, .4f);
        assertThat(new FitImage(1, 2, 2).apply(colour).toFloats())
                .containsExactly(new float[] {.1f, .2f, .3f, .4f}, within(1e-6f));
        assertThat(new FitImage(1, 2, 2).apply(grey)).as("nothing to do").isSameAs(grey);
    }

    @Test
    void halfTheSizeIsTheMeanOfTheBlocks() {
        Tensor image = Tensor.of(new float[] {1, 3, 5, 7, 1, 3, 5, 7, 0, 0, 2, 2, 4, 4, 6, 6}, 1, 4, 4);
        assertThat(new FitImage(1, 2, 2).apply(image).toFloats()).containsExactly(2, 6, 2, 4);
    }

    @ParameterizedTest
    @CsvSource({"3, 32, 32, 1, 28, 28", "1, 28, 28, 3, 32, 32", "3, 100, 75, 1, 28, 28", "1, 8, 8, 1, 28, 20"})
    void anyTwoShapesFit(int channels, int height, int width, int toChannels, int toHeight, int toWidth) {
        FitImage fit = new FitImage(toChannels, toHeight, toWidth);
        Tensor image = Random.uniform(new Rng(1), 0, 1, dev.retort.tensor.DType.F32, channels, height, width);
        Tensor fitted = fit.apply(image);
        assertThat(fitted.shape()).isEqualTo(Shape.of(toChannels, toHeight, toWidth));
        for (float value : fitted.toFloats()) {
            assertThat(value).isBetween(0f, 1f);
        }
        Tensor flat = Tensor.full(.25, dev.retort.tensor.DType.F32, channels, height, width);
        assertThat(fit.apply(flat).toFloats())
                .as("a flat image stays flat")
                .usingElementComparator((a, b) -> Math.abs(a - b) < 1e-6 ? 0 : 1)
                .containsOnly(.25f);
    }

    @Test
    void ofADataSetAndRefusals() {
        Dataset source = new TensorDataset(Tensor.ones(2, 3, 8, 8), Tensor.of(new long[] {4, 5}));
        Dataset fitted = new FitImage(1, 4, 4).on(source);
        assertThat(fitted.size()).isEqualTo(2);
        assertThat(fitted.get(1).input().shape()).isEqualTo(Shape.of(1, 4, 4));
        assertThat(fitted.label(1)).isEqualTo(5);
        assertThatThrownBy(() -> new FitImage(2, 4, 4)).hasMessageContaining("1 or 3 channels");
        assertThatThrownBy(() -> new FitImage(1, 4, 4).apply(Tensor.zeros(4, 4)))
                .hasMessageContaining("[4, 4]");
    }
}
