package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.dot;
import static dev.retort.tensor.cpu.reference.KernelProbe.one;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp.Interpolate;
import dev.retort.tensor.op.ResampleOp.InterpolateBackward;
import dev.retort.tensor.op.ResampleOp.Mode;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResampleReferenceTest {
    private static final Offset<Double> EXACT = within(1e-14);

    private static Tensor row(double... x) {
        return Tensor.of(x, 1, 1, 1, x.length);
    }

    @Test
    void nearestRepeatsAndSkips() {
        assertThat(values(new Interpolate(1, 6, Mode.NEAREST, false), row(1, 2, 3)))
                .containsExactly(1, 1, 2, 2, 3, 3);
        assertThat(values(new Interpolate(1, 5, Mode.NEAREST, false), row(1, 2, 3)))
                .containsExactly(1, 1, 2, 2, 3);
        assertThat(values(new Interpolate(1, 2, Mode.NEAREST, false), row(1, 2, 3)))
                .containsExactly(1, 2);
        Tensor square = Tensor.of(new double[] {1, 2, 3, 4}, 1, 1, 2, 2);
        assertThat(values(new Interpolate(4, 2, Mode.NEAREST, false), square)).containsExactly(1, 2, 1, 2, 3, 4, 3, 4);
    }

    @Test
    void bilinearKeepsTheOuterEdgesInPlace() {
        assertThat(values(new Interpolate(1, 4, Mode.BILINEAR, false), row(0, 4)))
                .containsExactly(new double[] {0, 1, 3, 4}, EXACT);
        assertThat(values(new Interpolate(1, 2, Mode.BILINEAR, false), row(0, 4, 8, 12)))
                .containsExactly(new double[] {2, 10}, EXACT);
    }

    @Test
    void bilinearWithAlignedCornersKeepsTheCornerCentres() {
        assertThat(values(new Interpolate(1, 5, Mode.BILINEAR, true), row(0, 4, 10)))
                .containsExactly(new double[] {0, 2, 4, 7, 10}, EXACT);
        assertThat(values(new Interpolate(1, 1, Mode.BILINEAR, true), row(3, 4)))
                .containsExactly(3);
        Tensor square = Tensor.of(new double[] {0, 2, 4, 6}, 1, 1, 2, 2);
        assertThat(values(new Interpolate(3, 3, Mode.BILINEAR, true), square))
                .containsExactly(new double[] {0, 1, 2, 2, 3, 4, 4, 5, 6}, EXACT);
    }

    @Test
    void theSameSizeIsTheIdentityEvenBesideInfinity() {
        Tensor x = row(1, Double.POSITIVE_INFINITY, 3);
        for (Mode mode : Mode.values()) {
            assertThat(values(new Interpolate(1, 3, mode, false), x))
                    .containsExactly(x.toHost().doubles());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "5, 4, 3, 7, NEAREST, false",
        "5, 4, 3, 7, BILINEAR, false",
        "5, 4, 3, 7, BILINEAR, true",
        "1, 1, 4, 4, BILINEAR, false",
        "3, 3, 1, 1, BILINEAR, true"
    })
    void backwardIsTheAdjoint(int h, int w, int outH, int outW, Mode mode, boolean corners) {
        Tensor x = random(1, 2, 3, h, w);
        Tensor y = one(new Interpolate(outH, outW, mode, corners), x);
        Tensor g = random(2, 2, 3, outH, outW);
        double[] dx = values(new InterpolateBackward(h, w, mode, corners), g);
        assertThat(dot(dx, x.toHost().doubles()))
                .isCloseTo(dot(g.toHost().doubles(), y.toHost().doubles()), within(1e-12));
    }

    @Test
    void emptyBatchesAndWrongAttributes() {
        assertThat(one(new Interpolate(4, 4, Mode.BILINEAR, false), Tensor.zeros(DType.F64, 0, 1, 2, 2))
                        .shape()
                        .dims())
                .containsExactly(0, 1, 4, 4);
        assertThatThrownBy(() -> one(new Interpolate(2, 2, Mode.NEAREST, true), row(1, 2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("interpolate: expects alignCorners with mode BILINEAR only");
    }
}
