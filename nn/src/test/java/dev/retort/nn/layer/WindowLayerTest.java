package dev.retort.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.ModuleException;
import dev.retort.tensor.DType;
import dev.retort.tensor.Interpolation;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Padding modes of convolutions, bags, channels that drop out, cells: what their definitions say.
class WindowLayerTest {
    private final Rng rng = new Rng(21);

    private static int source(PaddingMode mode, int at, int size) {
        if (at >= 0 && at < size) {
            return at;
        }
        return switch (mode) {
            case ZEROS -> -1;
            case REFLECT -> at < 0 ? -at : 2 * (size - 1) - at;
            case REPLICATE -> at < 0 ? 0 : size - 1;
            case CIRCULAR -> Math.floorMod(at, size);
        };
    }

    @ParameterizedTest
    @EnumSource
    void borders(PaddingMode mode) {
        Conv1d line = new Conv1d(
                Conv1d.Config.of(1, 1, 3).withPadding(2).withPaddingMode(mode).withStride(2), rng);
        Tensor x = Random.normal(rng, 1, 1, 6);
        Tensor y = line.call(x);
        assertThat(y.size(2)).isEqualTo(4);
        for (int i = 0; i < 4; i++) {
            double sum = line.bias().tensor().get(0);
            for (int k = 0; k < 3; k++) {
                int at = source(mode, 2 * i - 2 + k, 6);
                sum += at < 0 ? 0 : line.weight().tensor().get(0, 0, k) * x.get(0, 0, at);
            }
            assertThat(y.get(0, 0, i)).isCloseTo(sum, within(1e-5));
        }
        Conv2d plane = new Conv2d(Conv2d.Config.of(1, 1, 3).withPadding(1).withPaddingMode(mode), rng);
        Tensor image = Random.normal(rng, 1, 1, 4, 5);
        double corner = plane.bias().tensor().get(0);
        for (int k = 0; k < 9; k++) {
            int row = source(mode, k / 3 - 1, 4);
            int column = source(mode, 3 + k % 3, 5);
            corner += row < 0 || column < 0
                    ? 0
                    : plane.weight().tensor().get(0, 0, k / 3, k % 3) * image.get(0, 0, row, column);
        }
        assertThat(plane.call(image).get(0, 0, 0, 4)).isCloseTo(corner, within(1e-5));
        Conv3d volume = new Conv3d(Conv3d.Config.of(1, 2, 3).withPadding(1).withPaddingMode(mode), rng);
        Tensor v = Random.normal(rng, 1, 1, 4, 3, 5);
        assertThat(volume.call(v).shape()).isEqualTo(Shape.of(1, 2, 4, 3, 5));
    }

    @Test
    void samePaddingKeepsTheExtents() {
        Tensor x = Random.normal(rng, 2, 3, 7);
        Conv1d even = new Conv1d(Conv1d.Config.of(3, 2, 4).withSamePadding().withDilation(3), rng);
        Tensor y = even.call(x);
        assertThat(y.shape()).isEqualTo(Shape.of(2, 2, 7));
        Tensor padded = x.pad(0, 4, 5); // of 9 zeros the larger half comes after
        assertThat(y.toFloats())
                .isEqualTo(padded.conv1d(even.weight().value(), even.bias().value(), 1, 0, 3, 1)
                        .toFloats());
        Tensor image = Random.normal(rng, 1, 2, 5, 6);
        assertThat(new Conv2d(Conv2d.Config.of(2, 4, 3).withSamePadding(), rng)
                        .call(image)
                        .shape())
                .isEqualTo(Shape.of(1, 4, 5, 6));
        assertThat(new Conv3d(Conv3d.Config.of(2, 1, 2).withSamePadding(), rng)
                        .call(image.unsqueeze(2))
                        .shape())
                .isEqualTo(Shape.of(1, 1, 1, 5, 6));
        assertThatThrownBy(() -> Conv1d.Config.of(1, 1, 3).withStride(2).withSamePadding())
                .isInstanceOf(OpException.class)
                .hasMessage("conv1d: expects stride 1 with 'same' padding, got 2");
        assertThatThrownBy(
                        () -> new ConvTranspose1d(Conv1d.Config.of(1, 1, 3).withPaddingMode(PaddingMode.CIRCULAR), rng))
                .hasMessageContaining("conv_transpose1d: expects padding by a number of zeros");
    }

    @ParameterizedTest
    @EnumSource
    void bagsAreTheirDefinition(EmbeddingBag.Mode mode) {
        EmbeddingBag bag = new EmbeddingBag(6, 2, mode, 3, rng);
        long[] indices = {5, 3, 1, 3, 0, 2, 2};
        long[] offsets = {0, 3, 4, 4};
        Tensor y = bag.call(Tensor.of(indices, 7), Tensor.of(offsets, 4));
        for (int b = 0; b < 4; b++) {
            for (int d = 0; d < 2; d++) {
                double sum = 0;
                double max = Double.NEGATIVE_INFINITY;
                int count = 0;
                for (long i = offsets[b]; i < (b == 3 ? 7 : offsets[b + 1]); i++) {
                    if (indices[(int) i] != 3) {
                        double v = bag.weight().tensor().get((int) indices[(int) i], d);
                        sum += v;
                        max = Math.max(max, v);
                        count++;
                    }
                }
                double expected = switch (mode) {
                    case SUM -> sum;
                    case MEAN -> count == 0 ? 0 : sum / count;
                    case MAX -> count == 0 ? 0 : max;
                };
                assertThat(y.get(b, d)).isCloseTo(expected, within(1e-6));
            }
        }
        Tensor square = Tensor.of(new long[] {1, 2, 0, 4}, 2, 2);
        assertThat(bag.call(square).toFloats())
                .isEqualTo(bag.call(square.flatten(0), Tensor.of(new long[] {0, 2}, 2))
                        .toFloats());
        Tensor factors = Tensor.of(new float[] {2, 1, 1, 1, 1, 1, 1});
        if (mode == EmbeddingBag.Mode.SUM) {
            Tensor twice = bag.call(Tensor.of(indices, 7), Tensor.of(offsets, 4), factors);
            assertThat(twice.get(0, 0) - y.get(0, 0))
                    .isCloseTo(bag.weight().tensor().get(5, 0), within(1e-6));
        } else {
            assertThatThrownBy(() -> bag.call(Tensor.of(indices, 7), Tensor.of(offsets, 4), factors))
                    .hasMessageContaining("expects weights with mode SUM only");
        }
        assertThatThrownBy(() -> bag.call(Tensor.of(indices, 7), Tensor.of(new long[] {0, 9}, 2)))
                .hasMessageContaining("embedding_bag: expects rising offsets");
    }

    @Test
    void channelsDropOutWhole() {
        Dropout2d dropout = new Dropout2d(0.25, new Rng(3));
        Tensor y = dropout.call(Tensor.ones(40, 50, 2, 2));
        Tensor sums = y.sum(2, 3);
        assertThat(sums.eq(0.0)
                        .logicalOr(sums.sub(4 / 0.75).abs().lt(1e-5))
                        .all()
                        .item())
                .isOne();
        assertThat(y.mean().item()).isCloseTo(1, within(0.05));
        dropout.eval();
        assertThat(dropout.call(y)).isSameAs(y);
        assertThatThrownBy(() -> new Dropout2d(1.5, rng)).isInstanceOf(OpException.class);
    }

    @Test
    void alphaDropoutKeepsMeanAndVariance() {
        AlphaDropout dropout = new AlphaDropout(0.2, new Rng(3));
        Tensor x = Random.normal(new Rng(4), 200_000);
        Tensor y = dropout.call(x);
        assertThat(y.mean().item()).isCloseTo(0, within(0.01));
        assertThat(y.var().item()).isCloseTo(1, within(0.02));
        double scale = 1 / Math.sqrt((1.7580993408473766 * 1.7580993408473766 * 0.2 + 1) * 0.8);
        double dropped = scale * (-1.7580993408473766 + 1.7580993408473766 * 0.2);
        assertThat(y.sub(dropped).abs().lt(1e-5).to(DType.F64).mean().item()).isCloseTo(0.2, within(0.01));
        Tensor channels = new AlphaDropout(0.5, true, new Rng(1)).call(Tensor.zeros(1, 64, 3));
        assertThat(channels.select(2, 0).toFloats())
                .isEqualTo(channels.select(2, 2).toFloats());
    }

    @Test
    void cellsStepAsTheirNetworksDo() {
        GRU whole = new GRU(Recurrent.Config.of(3, 4), rng);
        GRUCell cell = new GRUCell(3, 4, rng);
        whole.ownParameters()
                .forEach((name, parameter) ->
                        cell.ownParameters().get(name.replace("_l0", "")).set(parameter.tensor()));
        Tensor x = Random.normal(rng, 2, 5, 3);
        Tensor h = cell.call(x.select(0, 0));
        h = cell.call(x.select(0, 1), h);
        assertThat(h.sub(whole.call(x).hidden().select(0, 0)).abs().amax().item())
                .isLessThan(1e-6);
        RNN relu = new RNN(Recurrent.Config.of(3, 4), true, rng);
        RNNCell step = new RNNCell(3, 4, true, true, rng);
        relu.ownParameters()
                .forEach((name, parameter) ->
                        step.ownParameters().get(name.replace("_l0", "")).set(parameter.tensor()));
        Tensor s = step.call(x.select(0, 1), step.call(x.select(0, 0)));
        assertThat(s.sub(relu.call(x).output().select(0, 1)).abs().amax().item())
                .isLessThan(1e-6);
        assertThat(s.amin().item()).isGreaterThanOrEqualTo(0);
        Sequential path = new Sequential(new Linear(2, 3, rng), new Conv3d(2, 2, 1, rng));
        assertThatThrownBy(() -> path.call(Tensor.zeros(4, 2)))
                .isInstanceOf(ModuleException.class)
                .hasMessageStartingWith("1: conv3d: expects input [N, C, D, H, W]");
        assertThatThrownBy(() -> cell.call(Tensor.zeros(2, 3), Tensor.zeros(1, 4)))
                .hasMessageContaining("recurrent cell: expects a state [2, 4], got F32[1, 4]");
    }

    @Test
    void resizedByFactorsAndToExtents() {
        Tensor x = Random.normal(rng, 1, 2, 4, 6);
        assertThat(Upsample.by(Interpolation.AREA, false, 0.5).call(x).toFloats())
                .isEqualTo(x.adaptiveAvgPool2d(2, 3).toFloats());
        assertThat(Upsample.toSize(Interpolation.CUBIC, true, 4, 6)
                        .call(x)
                        .sub(x)
                        .abs()
                        .amax()
                        .item())
                .isLessThan(1e-6);
        assertThat(Upsample.by(Interpolation.LINEAR, true, 2, 1.5).call(x).shape())
                .isEqualTo(Shape.of(1, 2, 8, 9));
        assertThatThrownBy(
                        () -> Upsample.by(Interpolation.LINEAR, true, 2, 2, 2).call(x))
                .hasMessageContaining("upsample: expects one factor");
    }
}
