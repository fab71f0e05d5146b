package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SddTest {
    private static final Tensor STUDENT = maps(1);
    private static final Tensor TEACHER = maps(2);
    private static final Tensor LABELS = Tensor.of(new long[] {1, -1, 0, 2});

    /// Four samples, 3 classes, 4 x 4 pixels.
    private static Tensor maps(long seed) {
        return Random.normal(new Rng(seed), 0, 2, DType.F64, 4, 3, 4, 4);
    }

    /// Logits of a cell: the mean over its pixels.
    private static double[] cell(Tensor maps, int i, int grid, int y, int x) {
        double[] z = new double[3];
        int side = 4 / grid;
        for (int l = 0; l < 3; l++) {
            for (int dy = 0; dy < side; dy++) {
                for (int dx = 0; dx < side; dx++) {
                    z[l] += maps.get(i, l, y * side + dy, x * side + dx) / (side * side);
                }
            }
        }
        return z;
    }

    private static int top(double[] z) {
        return z[0] >= z[1] && z[0] >= z[2] ? 0 : z[1] >= z[2] ? 1 : 2;
    }

    private static Tensor one(double[] z) {
        return Tensor.of(z, 1, 3);
    }

    @ParameterizedTest
    @EnumSource
    void agreesWithPlainLoops(Sdd.Cells cells) {
        Sdd method = new Sdd(List.of(1, 2, 4), cells, 3, 5, 1, 1);
        double[] rows = method.rows(STUDENT, TEACHER, LABELS).toDoubles();
        int complementary = 0;
        for (int i = 0; i < 4; i++) {
            int whole = top(cell(TEACHER, i, 1, 0, 0));
            long label = LABELS.toLongs()[i];
            int y = label < 0 ? whole : (int) label;
            double expected = 0;
            for (int grid : new int[] {1, 2, 4}) {
                for (int m = 0; m < grid * grid; m++) {
                    double[] taught = cell(TEACHER, i, grid, m / grid, m % grid);
                    double[] own = cell(STUDENT, i, grid, m / grid, m % grid);
                    boolean unlike = (top(taught) == y) != (whole == y);
                    complementary += unlike ? 1 : 0;
                    Tensor loss = cells.rows(one(own), one(taught), Tensor.of(new long[] {y}), 3);
                    expected += (unlike ? 5 : 1) * loss.item() / 21;
                }
            }
            assertThat(rows[i]).isCloseTo(expected, within(1e-9));
        }
        assertThat(complementary).isBetween(5, 79);
    }

    @ParameterizedTest
    @EnumSource
    void gradients(Sdd.Cells cells) {
        Sdd method = new Sdd(List.of(1, 2), cells, 2, 2, 1, 1);
        GradCheck.defaults()
                .firstOrder("sdd", in -> new Tensor[] {method.rows(in[0], TEACHER, LABELS)}, STUDENT)
                .verify();
    }

    /// One cell that is the whole image is the method on logits itself, whatever β is.
    @Test
    void oneCellIsTheMethodOnLogits() {
        Sdd method = new Sdd(List.of(1), Sdd.Cells.KD, 3, 7, 1, 1);
        Tensor own = STUDENT.mean(false, 2, 3);
        Tensor taught = TEACHER.mean(false, 2, 3);
        assertThat(method.rows(STUDENT, TEACHER, LABELS).toDoubles())
                .containsExactly(HintonKd.divergence(own, taught, 3).toDoubles(), within(1e-9));
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new Sdd(List.of(), Sdd.Cells.KD, 1, 1, 1, 1)).hasMessageContaining("grids");
        assertThatThrownBy(() -> new Sdd(List.of(2, 0), Sdd.Cells.KD, 1, 1, 1, 1))
                .hasMessageContaining("got [2, 0]");
        assertThatThrownBy(() -> new Sdd(List.of(1), Sdd.Cells.KD, 0, 1, 1, 1))
                .hasMessageContaining("sdd: expected a positive temperature");
        assertThatThrownBy(() -> new Sdd(List.of(1), Sdd.Cells.KD, 1, -1, 1, 1))
                .hasMessageContaining("weight of complementary cells of at least 0, got -1");
        assertThatThrownBy(() -> new Sdd(List.of(1), Sdd.Cells.KD, 1, 1, 1, 0)).hasMessageContaining("warm-up");
        var small = FeatureSetup.of(ClassMaps.MAPS, Shape.of(3, 4, 4), Shape.of(3, 2, 4));
        assertThatThrownBy(() -> new Sdd().terms(small))
                .hasMessageContaining("class maps of at least 4 x 4 pixels, got [3, 2, 4]");
        var vectors = FeatureSetup.of(ClassMaps.MAPS, Shape.of(3), Shape.of(3));
        assertThatThrownBy(() -> new Sdd().terms(vectors)).hasMessageContaining("sdd: expected maps [C, H, W]");
    }
}
