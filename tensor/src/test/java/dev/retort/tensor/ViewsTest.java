package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Windows onto a storage: reshapes of every layout, bounds, and the views that must not be written.
class ViewsTest {
    private static Tensor counting(int... shape) {
        long[] data = new long[Shape.of(shape).numel()];
        for (int i = 0; i < data.length; i++) {
            data[i] = i;
        }
        return Tensor.wrap(DType.I64, data, shape);
    }

    /// Views of one tensor: transposed, sliced with steps, expanded, with extents of 0 and 1.
    private static List<Tensor> layouts() {
        List<Tensor> views = new ArrayList<>();
        for (int[] dims : new int[][] {{2, 3, 4}, {4, 1, 6}, {1, 1, 5}, {6}, {1}, {}, {3, 0, 2}, {2, 2, 3, 2}}) {
            Tensor x = counting(dims);
            views.add(x);
            views.add(x.transpose(0, -1));
            views.add(x.unsqueeze(0).expand(x.unsqueeze(0).shape().with(0, 2)));
            views.add(x.unsqueeze(-1).expand(x.unsqueeze(-1).shape().with(x.rank(), 3)));
            if (x.rank() > 0) {
                views.add(x.slice(0, 0, x.size(0), 2));
                views.add(x.slice(-1, 1, x.size(-1), 1));
                views.add(x.slice(-1, 0, 1, 1));
                views.add(x.slice(0, 0, 1, 1).transpose(0, -1));
            }
        }
        return views;
    }

    private static List<int[]> factorisations(int numel) {
        List<int[]> shapes = new ArrayList<>();
        if (numel == 0) {
            shapes.add(new int[] {0});
            shapes.add(new int[] {2, 0, 7});
            return shapes;
        }
        for (int a = 1; a <= numel; a++) {
            for (int b = 1; numel % a == 0 && b <= numel / a; b++) {
                if (numel / a % b == 0) {
                    shapes.add(new int[] {a, b, numel / a / b});
                    shapes.add(new int[] {a, 1, b, numel / a / b, 1});
                }
            }
        }
        shapes.add(new int[] {numel});
        return shapes;
    }

    @Test
    void everyReshapeOfEveryLayoutKeepsTheOrderOfTheElements() {
        int shared = 0;
        for (Tensor x : layouts()) {
            long[] expected = x.copy().toLongs();
            for (int[] shape : factorisations(x.numel())) {
                Tensor y = x.reshape(shape);
                assertThat(y.toLongs()).as("%s as %s", x.type(), y.shape()).containsExactly(expected);
                shared += y.storage() == x.storage() ? 1 : 0;
            }
        }
        assertThat(shared).isGreaterThan(100);
    }

    @Test
    void reshapesThatNeedNoCopyShareTheStorage() {
        Tensor x = counting(4, 6);
        assertThat(x.slice(1, 0, 6, 2).reshape(2, 2, 3).storage()).isSameAs(x.storage());
        assertThat(x.transpose(0, 1).reshape(2, 3, 4).storage()).isSameAs(x.storage());
        assertThat(x.transpose(0, 1).reshape(24).storage()).isNotSameAs(x.storage());
        assertThat(counting(1).expand(6).reshape(2, 3).strides()).containsExactly(0, 0);
    }

    @Test
    void windowsMustLieInsideTheStorage() {
        HostStorage storage = HostStorage.allocate(DType.F32, 6);
        assertThat(Tensor.of(storage, 5, Shape.of(3, 2), new int[] {-2, -1}).numel())
                .isEqualTo(6);
        assertThatThrownBy(() -> Tensor.of(storage, 4, Shape.of(3, 2), new int[] {-2, -1}))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("does not fit a storage of 6 elements");
        assertThatThrownBy(() -> Tensor.of(storage, 1, Shape.of(3, 2), new int[] {2, 1}))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> Tensor.of(storage, 0, Shape.of(3, 2), new int[] {1}))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("one stride a dimension");
    }

    @Test
    void scalarsHaveNoDimensions() {
        assertThatThrownBy(() -> Tensor.scalar(1).size(0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("a scalar has no dimensions");
        assertThatThrownBy(() -> Tensor.scalar(1).split(1, 0)).isInstanceOf(OpException.class);
    }

    @Test
    void sliceStepsMayExceedTheExtent() {
        assertThat(counting(5).slice(0, 1, 5, Integer.MAX_VALUE).toLongs()).containsExactly(1);
        assertThat(counting(5).slice(0, -2, 100, 1).toLongs()).containsExactly(3, 4);
        assertThat(counting(5).slice(0, 4, 2, 1).numel()).isZero();
        assertThat(counting(5).slice(0, Integer.MIN_VALUE, Integer.MAX_VALUE, 4).toLongs())
                .containsExactly(0, 4);
    }

    @Test
    void flattenNeedsAnOrderedRange() {
        assertThat(counting(2, 3, 4).flatten(0, 1).shape().dims()).containsExactly(6, 4);
        assertThat(counting(2, 0, 4).flatten(0, -1).shape().dims()).containsExactly(0);
        assertThatThrownBy(() -> counting(2, 3).flatten(1, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("flatten: expects start <= end");
    }

    @Test
    void elementsThatShareAPlaceCannotBeWritten() {
        Tensor wide = Tensor.zeros(1, 3).expand(2, 3);
        assertThatThrownBy(() -> wide.update(new UpdateOp.Fill(1)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("fill: expects a destination whose elements have places of their own");
        assertThatThrownBy(() -> wide.copyFrom(Tensor.ones(2, 3))).isInstanceOf(OpException.class);
        Tensor x = Tensor.zeros(1, 3);
        x.expand(1, 3).update(new UpdateOp.Fill(2));
        x.copyFrom(Tensor.ones(1).expand(1, 3)); // the source may be expanded
        assertThat(x.toFloats()).containsExactly(1, 1, 1);
    }

    @Test
    void updatesReadOverlappingSourcesAsTheyWere() {
        for (DType dtype : new DType[] {DType.F32, DType.F64}) {
            Tensor square = counting(3, 3).to(dtype);
            square.copyFrom(square.t());
            assertThat(square.toFloats()).containsExactly(0, 3, 6, 1, 4, 7, 2, 5, 8);
            Tensor rows = counting(3, 2).to(dtype);
            rows.narrow(0, 1, 2).copyFrom(rows.narrow(0, 0, 2));
            assertThat(rows.toFloats()).containsExactly(0, 1, 0, 1, 2, 3);
            Tensor line = Tensor.ones(dtype, 5);
            line.narrow(0, 1, 4).update(new UpdateOp.AddScaled(1), line.narrow(0, 0, 4));
            assertThat(line.toFloats()).containsExactly(1, 2, 2, 2, 2);
            line.update(new UpdateOp.AddScaled(2), line);
            assertThat(line.toFloats()).containsExactly(3, 6, 6, 6, 6);
        }
    }

    @Test
    void creationKeepsTheSignOfZeroAndRejectsEndlessRanges() {
        assertThat(1 / Tensor.full(-0.0, DType.F32, 1).item()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(1 / Tensor.zeros(1).fullLike(-0.0).item()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThatThrownBy(() -> Tensor.arange(0, Double.POSITIVE_INFINITY, 1, DType.F32))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("arange");
        assertThatThrownBy(() -> Tensor.arange(0, 1, Double.NaN, DType.F32)).isInstanceOf(OpException.class);
        assertThat(Tensor.arange(1, 1, -1, DType.F32).numel()).isZero();
    }

    @Test
    void repeatsThatAreTooLongAreAnError() {
        assertThatThrownBy(() -> counting(3).repeatInterleave(Integer.MAX_VALUE, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("repeat_interleave");
        assertThatThrownBy(() -> counting(3).tile(Integer.MAX_VALUE))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("tile");
    }

    @Test
    void conversionsCopy() {
        Tensor x = Tensor.ones(3);
        x.toFloats()[0] = 7;
        Tensor longs = Tensor.of(new long[] {1, 2});
        longs.toLongs()[0] = 7;
        Tensor part = x.narrow(0, 1, 2);
        part.toFloats()[0] = 7;
        part.toDoubles()[0] = 7;
        assertThat(x.toFloats()).containsExactly(1, 1, 1);
        assertThat(longs.toLongs()).containsExactly(1, 2);
    }
}
