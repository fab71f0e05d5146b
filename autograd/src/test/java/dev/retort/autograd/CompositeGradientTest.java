package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.DType;
import dev.retort.tensor.Interpolation;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.SamplingPadding;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp.Geometry;
import dev.retort.tensor.op.IndexOp.Reduction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Gradients of methods without an op of their own, in float64 against central differences.
class CompositeGradientTest {
    private static final Tensor OTHER = Random.normal(new Rng(3), 4, 6).to(DType.F64);

    private static final Tensor MAP = Random.normal(new Rng(8), 1, 2, 3, 4).to(DType.F64);
    private static final Tensor GRID = Random.normal(new Rng(9), 1, 4, 3, 2).to(DType.F64);
    private static final Tensor INDEX = Tensor.of(new long[] {4, 0, 4});

    private enum Method {
        LERP(x -> x.lerp(OTHER, 0.3).add(OTHER.lerp(x, 0.8))),
        LERP_BY_TENSOR(x -> OTHER.lerp(OTHER.neg(), x)),
        ADDCMUL(x -> OTHER.addcmul(0.5, x, OTHER)),
        ADDCDIV(x -> x.addcdiv(0.5, OTHER, x)),
        LOGADDEXP(x -> x.logaddexp(OTHER)),
        LOGADDEXP2(x -> x.logaddexp2(OTHER).add(OTHER.logaddexp2(x))),
        XLOGY(x -> x.xlogy(OTHER.square()).add(OTHER.xlogy(x.square()))),
        SINC(x -> x.sinc()),
        COPYSIGN(x -> x.copysign(OTHER)),
        CLAMP_BY_TENSORS(x -> x.clamp(OTHER, OTHER.add(1.0)).add(OTHER.clamp(x, x.add(0.5)))),
        FRAC(x -> x.frac()),
        NAN_TO_NUM(x ->
                x.add(OTHER.maskedFill(OTHER.gt(0.5), Double.NEGATIVE_INFINITY)).nanToNum(1, 2, 3)),
        MEDIAN(x -> x.median(1, false).values()),
        KTH_VALUE(x -> x.kthvalue(2, 0, true).values()),
        QUANTILE(x -> x.quantile(0.3, 1, false)),
        CUMMAX(x -> x.cummax(1).values().add(x.cummin(1).values().mul(OTHER))),
        LOGCUMSUMEXP(x -> x.logcumsumexp(1)),
        TRAPEZOID(x -> x.trapezoid(OTHER, 1).add(OTHER.trapezoid(x, 1))),
        COVARIANCES(x -> x.cov().add(x.corrcoef())),
        RENORM(x -> x.renorm(2, 0, 1.5)),
        SCATTER_MEAN(x -> scattered(x, Reduction.MEAN, true).add(scattered(x, Reduction.MEAN, false))),
        SCATTER_PRODUCT(x -> scattered(x, Reduction.PROD, true).add(scattered(x, Reduction.PROD, false))),
        SCATTER_EXTREMES(x -> scattered(x, Reduction.AMAX, true).add(scattered(x, Reduction.AMIN, false))),
        SOLVE(x -> square(x).solve(OTHER).add(square(OTHER).solve(x))),
        LEAST_NORM(x -> x.narrow(0, 0, 3).lstsq(OTHER.narrow(0, 0, 3))),
        LEAST_SQUARES(x -> x.t().lstsq(OTHER.t()).add(OTHER.narrow(1, 0, 4).lstsq(x.narrow(1, 0, 4)))),
        PSEUDO_INVERSE_OF_LOW_RANK(
                x -> x.narrow(1, 0, 2).matmul(x.narrow(1, 2, 3).narrow(0, 0, 2)).pinv(1e-9)),
        MATRIX_POWER(x -> square(x).matrixPower(3).add(square(x).matrixPower(-1))),
        MATRIX_EXP(x -> square(x).mul(0.3).matrixExp()),
        CROSS(x -> x.narrow(1, 0, 3).cross(x.narrow(1, 3, 3), 1)),
        INDEX_COPY(x -> OTHER.indexCopy(1, INDEX, x.narrow(1, 2, 3)).add(x.indexFill(1, INDEX, 2))),
        MASKED_SCATTER(x -> OTHER.maskedScatter(OTHER.gt(0), x).add(x.maskedScatter(OTHER.gt(0), OTHER))),
        NAN_MEAN(x -> x.add(OTHER.maskedFill(OTHER.gt(0.5), Double.NaN)).nanmean(false, 0)),
        DIFF(x -> x.diff(1)),
        OUTER(x -> x.select(0, 0).outer(x.select(1, 1))),
        TRACE(x -> x.trace()),
        KRON(x -> x.kron(OTHER.narrow(0, 0, 2))),
        CDIST(x -> x.cdist(OTHER, 2)),
        COSINE(x -> x.cosineSimilarity(OTHER, 1)),
        NORMALIZE(x -> x.normalize(1)),
        PIXEL_SHUFFLE(x -> x.reshape(1, 4, 2, 3).pixelShuffle(2).mul(counting(1, 1, 4, 6))),
        PIXEL_UNSHUFFLE(x -> x.reshape(1, 1, 4, 6).pixelUnshuffle(2).mul(counting(1, 4, 2, 3))),
        UNFOLD(x -> x.reshape(1, 1, 4, 6).unfold(2, 3, Geometry.of(1, 1)).square()),
        FOLD(x -> x.reshape(1, 4, 6).fold(3, 4, 2, 2, Geometry.of(1, 0)).square()),
        CUBIC(x -> x.reshape(1, 1, 4, 6)
                .interpolate(Interpolation.CUBIC, false, 3, 5)
                .square()),
        NEAREST_EXACT(x -> x.reshape(1, 2, 2, 3, 2)
                .interpolate(Interpolation.NEAREST_EXACT, false, 3, 2, 5)
                .square()),
        TRILINEAR(x -> x.reshape(1, 2, 2, 3, 2)
                .interpolate(Interpolation.LINEAR, false, 3, 2, 5)
                .square()),
        CIRCULAR(x -> x.padCircular(2, 1, 1, 0).square()),
        SAMPLED_MAP(x -> x.reshape(1, 2, 3, 4).gridSample(GRID, false, SamplingPadding.ZEROS, false)),
        SAMPLED_VOLUME(x -> x.reshape(1, 2, 2, 3, 2)
                .gridSample(GRID.reshape(1, 1, 2, 4, 3), false, SamplingPadding.REFLECTION, true)),
        GRID_ZEROS(x -> MAP.gridSample(x.reshape(1, 3, 4, 2), false, SamplingPadding.ZEROS, true)),
        GRID_BORDER(x -> MAP.gridSample(x.reshape(1, 3, 4, 2), false, SamplingPadding.BORDER, false)),
        GRID_REFLECTED(x -> MAP.gridSample(x.reshape(1, 3, 4, 2), false, SamplingPadding.REFLECTION, false)),
        AFFINE(x -> MAP.gridSample(
                x.reshape(4, 2, 3).narrow(0, 0, 1).mul(0.3).affineGrid(false, 3, 3),
                false,
                SamplingPadding.BORDER,
                false)),
        CELU(x -> x.celu(0.7)),
        SELU(x -> x.selu()),
        GLU(x -> x.glu(1)),
        HARDTANH(x -> x.hardtanh(-0.5, 0.7)),
        HARDSHRINK(x -> x.hardshrink(0.4)),
        SOFTSHRINK(x -> x.softshrink(0.4)),
        SOFTPLUS(x -> x.softplus(2, 1)),
        LOCAL_RESPONSE(x -> x.reshape(1, 4, 6).localResponseNorm(3, 0.5, 0.75, 1)),
        LP_POOL(x -> x.square().reshape(1, 4, 6).lpPool1d(3, 2, 2, false)),
        UNPOOLED(x -> x.reshape(1, 4, 6)
                .narrow(2, 0, 2)
                .maxUnpool(Tensor.of(new long[] {5, 0, 1, 2, 3, 4, 2, 1}, 1, 4, 2), 6)
                .square());

        private final UnaryOperator<Tensor> method;

        Method(UnaryOperator<Tensor> method) {
            this.method = method;
        }
    }

    private static Tensor scattered(Tensor x, Reduction how, boolean includeSelf) {
        return x.add(1.5).indexReduce(1, INDEX, x.narrow(1, 1, 3).mul(OTHER.narrow(1, 0, 3)), how, includeSelf);
    }

    private static Tensor square(Tensor x) {
        return x.narrow(1, 0, 4).add(Tensor.eye(DType.F64, 4, 4).mul(4));
    }

    private static Tensor counting(int... shape) {
        return Tensor.arange(24).to(DType.F64).reshape(shape);
    }

    @ParameterizedTest
    @EnumSource
    void gradientIsThatOfDifferences(Method method) {
        Tensor x = Random.normal(new Rng(5), 4, 6).to(DType.F64).requiresGrad(true);
        GradCheck.defaults()
                .firstOrder(method.name(), in -> new Tensor[] {method.method.apply(in[0])}, x)
                .verify();
    }

    @Test
    void largeElementsOfCeluHaveFiniteGradients() {
        Tensor x = Tensor.of(new double[] {1000, -1000, 0}).requiresGrad(true);
        x.celu(1.3).sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(1, 0, 1);
    }

    @Test
    void singularMatricesHaveCofactors() {
        double[] singular = {1, 2, 2, 4, 0, 0, 0, 0, 1, 2, 3, 4};
        Tensor x = Tensor.of(singular, 3, 2, 2).requiresGrad(true);
        x.det().sum().backward();
        double[] cofactors = {4, -2, -2, 1, 0, 0, 0, 0, 4, -3, -2, 1};
        assertThat(x.grad().allClose(Tensor.of(cofactors, 3, 2, 2), 0, 1e-14)).isTrue();
    }

    @Test
    void zerosAmongScatteredFactors() {
        Tensor x = Tensor.of(new double[] {0, 2, 0, 3}).requiresGrad(true);
        Tensor s = Tensor.of(new double[] {5, 0, 7, 0, 0}).requiresGrad(true);
        Tensor index = Tensor.of(new long[] {0, 1, 1, 2, 3});
        x.scatterReduce(0, index, s, Reduction.PROD, true).sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(5, 0, 0, 0);
        assertThat(s.grad().toDoubles()).containsExactly(0, 14, 0, 0, 3);
    }

    @Test
    void tiesShareAScatteredExtreme() {
        Tensor x = Tensor.of(new double[] {4, 1}).requiresGrad(true);
        Tensor s = Tensor.of(new double[] {4, 2, 4}).requiresGrad(true);
        Tensor index = Tensor.of(new long[] {0, 0, 0});
        x.scatterReduce(0, index, s, Reduction.AMAX, true).sum().backward();
        assertThat(x.grad().toDoubles()).containsExactly(1 / 3.0, 1);
        assertThat(s.grad().toDoubles()).containsExactly(1 / 3.0, 0, 1 / 3.0);
    }

    @Test
    void zerosAmongTheFactorsOfARunningProduct() {
        double[] rows = {2, 3, 4, 5, 0, 3, 4, 5, 2, 0, 4, 0, 0, 0, 4, 5, 2, 3, 4, 0};
        Tensor x = Tensor.of(rows, 5, 4).requiresGrad(true);
        x.cumprod(1).mul(Tensor.of(new double[] {1, 10, 100, 1000})).sum().backward();
        double[] expected = new double[rows.length];
        for (int r = 0; r < 5; r++) {
            for (int j = 0; j < 4; j++) {
                for (int i = j; i < 4; i++) {
                    double product = Math.pow(10, i);
                    for (int k = 0; k <= i; k++) {
                        product *= k == j ? 1 : rows[r * 4 + k];
                    }
                    expected[r * 4 + j] += product;
                }
            }
        }
        assertThat(x.grad().toDoubles()).containsExactly(expected);
    }

    @Test
    void pointsOutsideOfAMapLeaveItsGradientAlone() {
        Tensor map = MAP.detach().copy().requiresGrad(true);
        double far = Double.POSITIVE_INFINITY;
        Tensor points = Tensor.of(new double[] {far, 0, -far, far, Double.NaN, -far}, 1, 1, 3, 2)
                .requiresGrad(true);
        for (SamplingPadding padding : SamplingPadding.values()) {
            map.gridSample(points, false, padding, false).sum().backward();
            assertThat(map.grad().isFinite().all().item()).isEqualTo(1);
            assertThat(points.grad().isFinite().all().item()).isEqualTo(1);
        }
    }

    @Test
    void sumsOfNothingInLogarithmsHaveNoGradient() {
        Tensor x = Tensor.of(new double[] {Double.NEGATIVE_INFINITY, 3}).requiresGrad(true);
        x.logaddexp2(Tensor.of(new double[] {Double.NEGATIVE_INFINITY, 3}))
                .sum()
                .backward();
        assertThat(x.grad().toDoubles()).containsExactly(0, 0.5);
    }
}
