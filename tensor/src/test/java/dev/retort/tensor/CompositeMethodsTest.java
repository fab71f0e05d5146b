package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.op.ConvOp.Geometry;
import org.junit.jupiter.api.Test;

/// Methods without an op of their own: numbers by hand, corners as in PyTorch, messages.
class CompositeMethodsTest {
    private static final double NAN = Double.NaN;
    private static final double INF = Double.POSITIVE_INFINITY;

    private static Tensor of(double... values) {
        return Tensor.of(values);
    }

    private static Tensor counting(int... shape) {
        return Tensor.arange(Shape.of(shape).numel()).to(DType.F64).reshape(shape);
    }

    @Test
    void blends() {
        Tensor from = Tensor.of(new float[] {1e8f, 0});
        Tensor to = Tensor.of(new float[] {1, 10});
        assertThat(from.lerp(to, 1).toFloats()).containsExactly(1, 10); // the end itself
        assertThat(from.lerp(to, 0).toFloats()).containsExactly(1e8f, 0);
        assertThat(of(0, 10).lerp(of(4, 20), of(0.25, 0.5)).toDoubles()).containsExactly(1, 15);
        assertThat(of(1, 2).addcmul(0.5, of(2, 4), of(3, 5)).toDoubles()).containsExactly(4, 12);
        assertThat(of(1, 2).addcdiv(2, of(6, 4), of(3, 8)).toDoubles()).containsExactly(5, 3);
    }

    @Test
    void logaddexpNeitherOverflowsNorLosesInfinities() {
        Tensor sums = of(1000, -INF, -INF, 0, INF).logaddexp(of(1000, -INF, 3, Math.log(3), 1));
        assertThat(sums.get(0)).isCloseTo(1000 + Math.log(2), within(1e-12));
        assertThat(sums.get(1)).isEqualTo(-INF);
        assertThat(sums.get(2)).isEqualTo(3);
        assertThat(sums.get(3)).isCloseTo(Math.log(4), within(1e-15));
        assertThat(sums.get(4)).isEqualTo(INF);
        assertThat(counting(2, 1).logaddexp(counting(3)).shape()).isEqualTo(Shape.of(2, 3));
        assertThatThrownBy(() -> counting(2).logaddexp(counting(3))).hasMessageContaining("logaddexp");
    }

    @Test
    void roundingTowardsZero() {
        assertThat(of(-1.5, 1.5, -0.2, 3).trunc().toDoubles()).containsExactly(-1, 1, -0.0, 3);
        assertThat(of(-1.5, 1.25, 3).frac().toDoubles()).containsExactly(-0.5, 0.25, 0);
        assertThat(of(NAN).trunc().item()).isNaN();
    }

    @Test
    void closeEqualAndInfinite() {
        assertThat(of(INF, -INF, NAN, 1).isInf().toBooleans()).containsExactly(true, true, false, false);
        assertThat(of(INF, INF, NAN, 1)
                        .isClose(of(INF, -INF, NAN, 1 + 1e-9), 0, 1e-8)
                        .toBooleans())
                .containsExactly(true, false, false, true);
        assertThat(of(1e10).isClose(of(INF), 1, 0).toBooleans()).containsExactly(false);
        assertThat(of(1, 2).allClose(of(1, 2.00001))).isTrue();
        assertThat(of(1, 2).allClose(of(1, 2.001))).isFalse();
        assertThat(of(1, 2).equal(of(1, 2))).isTrue();
        assertThat(of(1, 2).equal(of(1, 2).unsqueeze(0))).isFalse();
        assertThat(of(NAN).equal(of(NAN))).isFalse();
    }

    @Test
    void numbersInPlaceOfNaN() {
        assertThat(of(NAN, INF, -INF, 2).nanToNum(7, 8, 9).toDoubles()).containsExactly(7, 8, 9, 2);
        for (DType dtype : new DType[] {DType.F64, DType.F32, DType.F16, DType.BF16}) {
            Tensor finite = of(NAN, INF, -INF).to(dtype).nanToNum();
            assertThat(finite.isFinite().all().item()).as(dtype.name()).isEqualTo(1);
            assertThat(finite.mul(1.01).isFinite().toBooleans())
                    .as(dtype.name())
                    .containsExactly(true, false, false);
        }
    }

    @Test
    void medianIsTheLowerOneAndSeesNaN() {
        Tensor x = of(4, 1, 3, 2, 9, NAN, 1, 1).reshape(2, 4);
        ReductionMethods.ValuesIndices median = x.median(1, false);
        assertThat(median.values().toDoubles()).containsExactly(2, NAN);
        assertThat(median.indices().toLongs()).containsExactly(3, 1);
        assertThat(x.median(0, true).values().shape()).isEqualTo(Shape.of(1, 4));
        assertThat(of(5, 1, 3).median().item()).isEqualTo(3);
        assertThat(of(5).reshape().median(0, true).values().item()).isEqualTo(5);
        assertThatThrownBy(() -> Tensor.zeros(0, 2).median(0, false)).hasMessageContaining("median: expects at least");
    }

    @Test
    void kthValuesCountFromOne() {
        Tensor x = of(4, NAN, 3, 2).reshape(1, 4);
        assertThat(x.kthvalue(2, 1, false).values().toDoubles()).containsExactly(3);
        assertThat(x.kthvalue(2, -1, false).indices().toLongs()).containsExactly(2);
        assertThat(x.kthvalue(4, 1, true).values().get(0, 0)).isNaN();
        assertThatThrownBy(() -> x.kthvalue(0, 1, false)).hasMessageContaining("kthvalue: expects k in [1, 4], got 0");
    }

    @Test
    void quantilesAreLinearBetweenNeighbours() {
        Tensor x = of(3, 0, 1, 2, 10);
        assertThat(x.quantile(0).item()).isEqualTo(0);
        assertThat(x.quantile(1).item()).isEqualTo(10);
        assertThat(x.quantile(0.5).item()).isEqualTo(2);
        assertThat(x.quantile(0.9).item()).isCloseTo(3 + 0.6 * 7, within(1e-12));
        assertThat(of(1, NAN, 5, 7).reshape(2, 2).quantile(0.5, 1, false).toDoubles())
                .containsExactly(NAN, 6);
        assertThat(Tensor.of(new long[] {1, 2}).quantile(0.5).item()).isEqualTo(1.5);
        assertThatThrownBy(() -> x.quantile(1.5)).hasMessageContaining("quantile: expects q in [0, 1]");
    }

    @Test
    void sumsWithoutNaN() {
        Tensor x = of(1, NAN, 3, NAN, NAN, NAN).reshape(2, 3);
        assertThat(x.nansum(false, 1).toDoubles()).containsExactly(4, 0);
        assertThat(x.nanmean(false, 1).toDoubles()).containsExactly(2, NAN);
        assertThat(of(0, NAN, 2, -0.0).countNonzero().item()).isEqualTo(2);
    }

    @Test
    void differencesOfNeighbours() {
        assertThat(of(1, 4, 9).diff(0).toDoubles()).containsExactly(3, 5);
        assertThat(counting(2, 3).diff(0).toDoubles()).containsExactly(3, 3, 3);
        assertThat(of(1).diff(0).shape()).isEqualTo(Shape.of(0));
        assertThat(Tensor.zeros(0, 2).diff(0).shape()).isEqualTo(Shape.of(0, 2));
        assertThatThrownBy(() -> Tensor.scalar(1).diff(0)).hasMessageContaining("diff: expects");
    }

    @Test
    void countsOfIntegers() {
        assertThat(Tensor.of(new int[] {1, 3, 1}).bincount(0).toLongs()).containsExactly(0, 2, 0, 1);
        assertThat(Tensor.of(new int[] {1}).bincount(4).toLongs()).containsExactly(0, 1, 0, 0);
        assertThatThrownBy(() -> Tensor.of(new int[] {-1}).bincount(0)).hasMessageContaining("got -1");
        assertThatThrownBy(() -> of(1).bincount(0)).hasMessageContaining("vector of integers");
    }

    @Test
    void histogramsCloseTheirLastBin() {
        assertThat(of(0, 0.5, 1, 2, 2.5, -1, NAN).histc(2, 0, 2).toDoubles()).containsExactly(2, 2);
        assertThatThrownBy(() -> of(1).histc(3, 2, 1)).hasMessageContaining("histc: expects");
    }

    @Test
    void placesAmongSortedNumbers() {
        Tensor edges = of(1, 3, 3, 5);
        assertThat(edges.searchsorted(of(0, 3, 4, 9, NAN), false).toLongs()).containsExactly(0, 1, 3, 4, 4);
        assertThat(edges.searchsorted(of(0, 3, 4, 9, NAN), true).toLongs()).containsExactly(0, 3, 3, 4, 4);
        Tensor large = Tensor.of(new long[] {1L << 53, (1L << 53) + 1});
        assertThat(large.searchsorted(Tensor.of(new long[] {(1L << 53) + 1}), false)
                        .toLongs())
                .containsExactly(1);
        assertThat(counting(2, 2).bucketize(of(1, 2), false).toLongs()).containsExactly(0, 0, 1, 2);
        assertThatThrownBy(() -> counting(2, 2).searchsorted(of(1), false)).hasMessageContaining("searchsorted");
    }

    @Test
    void distinctElements() {
        CountingMethods.Distinct distinct = of(3, 1, 3, 2, 1, 3).reshape(2, 3).unique();
        assertThat(distinct.values().toDoubles()).containsExactly(1, 2, 3);
        assertThat(distinct.counts().toLongs()).containsExactly(2, 1, 3);
        assertThat(distinct.inverse().shape()).isEqualTo(Shape.of(2, 3));
        assertThat(distinct.inverse().toLongs()).containsExactly(2, 0, 2, 1, 0, 2);
        assertThat(of(NAN, NAN).unique().values().numel()).isEqualTo(2);
        assertThat(Tensor.of(new long[] {1L << 53, (1L << 53) + 1})
                        .unique()
                        .values()
                        .numel())
                .isEqualTo(2);
        assertThat(Tensor.zeros(0).unique().values().numel()).isEqualTo(0);
    }

    @Test
    void productsOfMatrices() {
        assertThat(of(1, 2).outer(of(3, 4, 5)).toDoubles()).containsExactly(3, 4, 5, 6, 8, 10);
        assertThat(counting(2, 3).trace().item()).isEqualTo(4);
        Tensor kron = of(1, 2).reshape(1, 2).kron(of(1, 10, 100, 1000).reshape(2, 2));
        assertThat(kron.shape()).isEqualTo(Shape.of(2, 4));
        assertThat(kron.toDoubles()).containsExactly(1, 10, 2, 20, 100, 1000, 200, 2000);
        assertThat(of(1, 2).kron(of(3, 4)).toDoubles()).containsExactly(3, 4, 6, 8);
        assertThatThrownBy(() -> counting(2, 2).outer(of(1))).hasMessageContaining("outer: expects two vectors");
    }

    @Test
    void distancesAndCosines() {
        Tensor a = of(0, 0, 1e8, 1e8).reshape(2, 2);
        Tensor b = of(3, 4, 1e8, 1e8 + 1, 0, 0).reshape(3, 2);
        Tensor distances = a.cdist(b, 2);
        assertThat(distances.shape()).isEqualTo(Shape.of(2, 3));
        assertThat(distances.get(0, 0)).isEqualTo(5);
        assertThat(distances.get(1, 1)).isEqualTo(1);
        assertThat(a.cdist(b, 1).get(0, 0)).isEqualTo(7);
        assertThat(a.unsqueeze(0).cdist(b.expand(4, 3, 2), 2).shape()).isEqualTo(Shape.of(4, 2, 3));
        assertThatThrownBy(() -> a.cdist(counting(2, 3), 2)).hasMessageContaining("cdist: expects");
        Tensor zero = Tensor.zeros(DType.F64, 1, 2);
        assertThat(of(3, 4).reshape(1, 2).cosineSimilarity(b.narrow(0, 0, 1), 1).item())
                .isCloseTo(1, within(1e-15));
        assertThat(zero.cosineSimilarity(b, 1).toDoubles()).containsExactly(0, 0, 0);
        assertThat(of(3, 4).normalize(0).toDoubles()).containsExactly(0.6, 0.8);
        assertThat(zero.normalize(1, 1).toDoubles()).containsExactly(0, 0);
    }

    @Test
    void pixelsAndChannelsChangePlaces() {
        Tensor x = counting(2, 8, 2, 3);
        Tensor large = x.pixelShuffle(2);
        assertThat(large.shape()).isEqualTo(Shape.of(2, 2, 4, 6));
        // PyTorch's order: out[c, h r + i, w r + j] = x[c r² + i r + j, h, w]
        assertThat(large.get(1, 1, 3, 4)).isEqualTo(x.get(1, 1 * 4 + 1 * 2 + 0, 1, 2));
        assertThat(large.pixelUnshuffle(2).equal(x)).isTrue();
        assertThatThrownBy(() -> x.pixelShuffle(3)).hasMessageContaining("pixel_shuffle: expects");
        assertThatThrownBy(() -> x.pixelUnshuffle(2)).hasMessageContaining("pixel_unshuffle: expects");
    }

    @Test
    void unfoldingMakesAConvolutionAProduct() {
        Rng rng = new Rng(1);
        Tensor x = Random.normal(rng, 2, 3, 7, 6).to(DType.F64);
        Tensor w = Random.normal(rng, 4, 3, 3, 2).to(DType.F64);
        Geometry g = new Geometry(2, 1, 1, 2, 2, 1, 1);
        Tensor convolved = x.conv2d(w, null, g);
        Tensor columns = x.unfold(3, 2, g);
        assertThat(columns.shape()).isEqualTo(Shape.of(2, 18, convolved.size(2) * convolved.size(3)));
        Tensor product = w.reshape(4, 18).matmul(columns).reshape(convolved.shape());
        assertThat(product.allClose(convolved, 0, 1e-12)).isTrue();
        // fold is the adjoint: ⟨unfold(x), c⟩ = ⟨x, fold(c)⟩
        Tensor c = Random.normal(rng, columns.shape().dims()).to(DType.F64);
        Tensor folded = c.fold(7, 6, 3, 2, g);
        assertThat(folded.shape()).isEqualTo(x.shape());
        assertThat(x.mul(folded).sum().item()).isCloseTo(columns.mul(c).sum().item(), within(1e-10));
        assertThatThrownBy(() -> x.unfold(9, 9, Geometry.of(1, 0))).hasMessageContaining("unfold: expects a kernel");
        assertThatThrownBy(() -> c.fold(8, 9, 3, 2, g)).hasMessageContaining("fold: expects [N, C * 6");
    }
}
