package dev.retort.tensor.cpu.reference;

import static dev.retort.tensor.cpu.reference.KernelProbe.one;
import static dev.retort.tensor.cpu.reference.KernelProbe.random;
import static dev.retort.tensor.cpu.reference.KernelProbe.run;
import static dev.retort.tensor.cpu.reference.KernelProbe.values;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.MatMulOp;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinalgReferenceTest {
    private static final Offset<Double> EXACT = within(1e-14);
    private static final double NAN = Double.NaN;

    private static Tensor times(Tensor a, Tensor b) {
        return one(new MatMulOp.MatMul(), a, b);
    }

    private static Tensor transposed(Tensor a) {
        return a.transpose(-2, -1);
    }

    private static void isClose(Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(Elements.doubles(actual)).containsExactly(Elements.doubles(expected), within(tolerance));
    }

    /// Rows are eigenvectors' transposes or columns of U: XᵀX = I.
    private static void hasOrthonormalColumns(Tensor x) {
        Tensor identity = Tensor.eye(DType.F64, x.size(-1), x.size(-1));
        Tensor product = times(transposed(x), x);
        isClose(
                product,
                Tensor.of(
                        Elements.doubles(identity.expand(product.shape())).clone(),
                        product.shape().dims()),
                1e-12);
    }

    private static Tensor diagonal(Tensor values) { // [..., R] as [..., R, R]
        int r = values.size(-1);
        double[] v = Elements.doubles(values);
        double[] d = new double[v.length * r];
        for (int i = 0; i < v.length; i++) {
            d[i * r + i % r] = v[i];
        }
        return Tensor.of(d, values.shape().insert(values.rank(), r).dims());
    }

    // ---- Cholesky and triangular solves -----------------------------------------------------------------------------

    @Test
    void choleskyReadsTheLowerTriangle() {
        Tensor a = Tensor.of(new double[] {4, NAN, NAN, 2, 10, NAN, -2, 8, 14}, 3, 3);
        assertThat(values(new LinalgOp.Cholesky(), a))
                .containsExactly(new double[] {2, 0, 0, 1, 3, 0, -1, 3, 2}, EXACT);
    }

    @Test
    void choleskyNamesTheFailingPivot() {
        Tensor a = Tensor.of(new double[] {1, 0, 0, 1, 1, 2, 2, 1}, 2, 2, 2);
        assertThatThrownBy(() -> one(new LinalgOp.Cholesky(), a))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("cholesky: expects positive definite matrices, got pivot 1 of matrix 1 = -3.0");
        assertThatThrownBy(() -> one(new LinalgOp.Cholesky(), Tensor.of(new double[] {NAN}, 1, 1)))
                .isInstanceOf(OpException.class);
    }

    @Test
    void triangularSolveReadsItsTriangleOnly() {
        Tensor b = Tensor.of(new double[] {2, 4, 7, 11}, 2, 2);
        Tensor lower = Tensor.of(new double[] {2, NAN, 1, 3}, 2, 2);
        assertThat(values(new LinalgOp.TriangularSolve(false, false), lower, b)).containsExactly(1, 2, 2, 3);
        Tensor upper = Tensor.of(new double[] {2, 1, NAN, 4}, 2, 2);
        assertThat(values(new LinalgOp.TriangularSolve(true, false), upper, b))
                .containsExactly(0.125, 0.625, 1.75, 2.75);
        Tensor unit = Tensor.of(new double[] {NAN, NAN, 3, NAN}, 2, 2);
        assertThat(values(new LinalgOp.TriangularSolve(false, true), unit, b)).containsExactly(2, 4, 1, -1);
    }

    @Test
    void solvesBatches() {
        Tensor x = random(1, 3, 4, 4);
        Tensor a = times(x, transposed(x));
        Tensor l = one(new LinalgOp.Cholesky(), a);
        isClose(times(l, transposed(l)), a, 1e-12);
        Tensor b = random(2, 3, 4, 2);
        Tensor y = one(new LinalgOp.TriangularSolve(false, false), l, b);
        isClose(times(l, y), b, 1e-10);
    }

    // ---- symmetric eigenvalues --------------------------------------------------------------------------------------

    @Test
    void eigenvaluesByHand() {
        Tensor[] e = run(new LinalgOp.Eigh(), Tensor.of(new double[] {2, NAN, 1, 2}, 2, 2));
        double h = Math.sqrt(0.5);
        assertThat(e[0].toHost().doubles()).containsExactly(new double[] {1, 3}, EXACT);
        assertThat(Math.abs(e[1].get(0, 0))).isCloseTo(h, EXACT);
        assertThat(e[1].get(0, 0)).isCloseTo(-e[1].get(1, 0), EXACT);
        assertThat(e[1].get(0, 1)).isCloseTo(h, EXACT);
        assertThat(e[1].get(1, 1)).isCloseTo(h, EXACT);
    }

    static Stream<Tensor> symmetric() {
        Tensor x = random(3, 40, 40);
        Tensor batch = random(4, 2, 3, 5, 5);
        double[] low = new double[36]; // rank 1: five equal eigenvalues
        double[] graded = new double[36];
        for (int i = 0; i < 36; i++) {
            low[i] = (i / 6 + 1) * (i % 6 + 1);
            graded[i] = Math.pow(10, -3.0 * (i / 6 + i % 6));
        }
        return Stream.of(
                times(x, transposed(x)),
                times(batch, transposed(batch)),
                Tensor.eye(DType.F64, 4, 4),
                Tensor.zeros(DType.F64, 3, 3),
                Tensor.of(new double[] {0, 1, 0, 1, 0, 1, 0, 1, 0}, 3, 3),
                Tensor.of(new double[] {-5}, 1, 1),
                Tensor.of(low, 6, 6),
                Tensor.of(graded, 6, 6));
    }

    @ParameterizedTest
    @MethodSource("symmetric")
    void eigenvectorsDiagonalise(Tensor a) {
        Tensor[] e = run(new LinalgOp.Eigh(), a);
        hasOrthonormalColumns(e[1]);
        isClose(times(times(e[1], diagonal(e[0])), transposed(e[1])), a, 1e-11);
        double[] values = e[0].toHost().doubles();
        int n = a.size(-1);
        for (int i = 1; i < values.length; i++) {
            assertThat(i % n == 0 || values[i - 1] <= values[i]).isTrue();
        }
    }

    @Test
    void hugeElementsDoNotOverflow() {
        Tensor a = Tensor.of(new double[] {3e200, 1e200, 1e200, 3e200}, 2, 2);
        assertThat(run(new LinalgOp.Eigh(), a)[0].toHost().doubles())
                .containsExactly(new double[] {2e200, 4e200}, within(1e187));
        assertThat(run(new LinalgOp.Svd(), a)[1].toHost().doubles())
                .containsExactly(new double[] {4e200, 2e200}, within(1e187));
    }

    // ---- singular values --------------------------------------------------------------------------------------------

    @Test
    void singularValuesByHand() {
        Tensor[] svd = run(new LinalgOp.Svd(), Tensor.of(new double[] {0, 2, 0, -3, 0, 0}, 2, 3));
        assertThat(svd[1].toHost().doubles()).containsExactly(3, 2);
        assertThat(svd[0].toHost().doubles()).containsExactly(0, 1, 1, 0);
        assertThat(svd[2].toHost().doubles()).containsExactly(-1, 0, 0, 0, 1, 0);
    }

    static Stream<Tensor> matrices() {
        Tensor thin = random(5, 9, 2);
        return Stream.of(
                random(6, 7, 7),
                random(7, 30, 12),
                random(8, 12, 30),
                random(9, 2, 2, 5, 3),
                Tensor.of(new double[] {-2}, 1, 1),
                Tensor.of(new double[] {3, 0, 4}, 3, 1),
                times(thin, transposed(random(10, 6, 2))), // rank 2 of 6
                Tensor.ones(DType.F64, 5, 5),
                Tensor.zeros(DType.F64, 4, 3),
                Tensor.eye(DType.F64, 3, 5));
    }

    @ParameterizedTest
    @MethodSource("matrices")
    void factorsMultiplyToTheMatrix(Tensor a) {
        Tensor[] svd = run(new LinalgOp.Svd(), a);
        isClose(times(times(svd[0], diagonal(svd[1])), svd[2]), a, 1e-12);
        hasOrthonormalColumns(svd[0]);
        hasOrthonormalColumns(transposed(svd[2]));
        int r = svd[1].size(-1);
        double[] s = svd[1].toHost().doubles();
        for (int i = 0; i < s.length; i++) {
            assertThat(s[i]).isNotNegative();
            assertThat(i % r == 0 || s[i - 1] >= s[i]).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("matrices")
    void theLargestElementOfEachLeftVectorIsPositive(Tensor a) {
        Tensor u = run(new LinalgOp.Svd(), a)[0];
        Tensor columns = transposed(u);
        double[] c = Elements.doubles(columns);
        int m = columns.size(-1);
        for (int i = 0; i < c.length; i += m) {
            assertThat(SymmetricEigen.sign(c, i, m)).isEqualTo(1);
        }
    }

    @Test
    void singularValuesAreTheRootsOfTheEigenvalues() {
        Tensor a = random(11, 10, 6);
        double[] s = run(new LinalgOp.Svd(), a)[1].toHost().doubles();
        double[] squares =
                run(new LinalgOp.Eigh(), times(transposed(a), a))[0].toHost().doubles();
        for (int i = 0; i < 6; i++) {
            assertThat(s[i] * s[i]).isCloseTo(squares[5 - i], within(1e-12));
        }
    }

    @Test
    void infinitiesAreAnErrorAndEmptyMatricesAreNot() {
        Tensor bad = Tensor.of(new double[] {1, 0, 0, Double.POSITIVE_INFINITY}, 2, 2);
        assertThatThrownBy(() -> run(new LinalgOp.Svd(), bad))
                .isInstanceOf(OpException.class)
                .hasMessage("svd: expects finite elements, got Infinity in matrix 0");
        assertThatThrownBy(() -> run(new LinalgOp.Eigh(), bad)).isInstanceOf(OpException.class);
        assertThat(run(new LinalgOp.Svd(), Tensor.zeros(0, 3, 2))[0].shape().dims())
                .containsExactly(0, 3, 2);
        assertThat(run(new LinalgOp.Svd(), Tensor.zeros(3, 0))[0].shape().dims())
                .containsExactly(3, 0);
        assertThat(run(new LinalgOp.Eigh(), Tensor.zeros(0, 0))[0].shape().dims())
                .containsExactly(0);
        assertThat(one(new LinalgOp.Cholesky(), Tensor.zeros(2, 0, 0)).numel()).isZero();
        assertThat(one(new LinalgOp.TriangularSolve(true, false), Tensor.eye(2), Tensor.zeros(2, 0))
                        .numel())
                .isZero();
    }
}
