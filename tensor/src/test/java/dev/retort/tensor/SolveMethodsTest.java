package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// Linear systems and functions of matrices: what defines each of them.
class SolveMethodsTest {
    private static final Tensor A = Tensor.of(new double[] {0, 2, 1, 3, -1, 4, 1, 5, -6}, 3, 3);

    private static Tensor normal(int... shape) {
        return Random.normal(new Rng(11), shape).to(DType.F64);
    }

    private static void close(Tensor actual, Tensor expected) {
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(actual.allClose(expected, 1e-12, 1e-12))
                .as("%s = %s", actual, expected)
                .isTrue();
    }

    private static Tensor unit(int n) {
        return Tensor.eye(DType.F64, n, n);
    }

    @Test
    void systems() {
        Tensor x = normal(4, 3, 2);
        close(A.solve(A.matmul(x)), x); // the matrix broadcasts
        Tensor v = normal(3);
        close(A.solve(A.matmul(v)), v);
        Tensor batch = A.add(normal(5, 3, 3).mul(0.1));
        Tensor vectors = normal(5, 3);
        close(batch.matmul(batch.solve(vectors).unsqueeze(-1)).squeeze(-1), vectors);
        close(A.matmul(A.inv()), unit(3));
        Tensor singular = Tensor.of(new double[] {1, 2, 2, 4}, 2, 2);
        assertThatThrownBy(singular::inv).hasMessageContaining("solve: expects invertible matrices, got pivot 1");
        assertThatThrownBy(() -> A.solve(normal(2, 2))).hasMessageContaining("solve: expects b [..., 3, K]");
        assertThatThrownBy(() -> normal(2, 3).inv()).hasMessageContaining("inv: expects square matrices");
    }

    @Test
    void determinants() {
        assertThat(A.det().item()).isCloseTo(60, org.assertj.core.api.Assertions.within(1e-12));
        Tensor exchanged = unit(2).flip(0);
        assertThat(exchanged.det().item()).isEqualTo(-1);
        assertThat(exchanged.slogdet().sign().item()).isEqualTo(-1);
        assertThat(exchanged.logdet().item()).isNaN();
        assertThat(A.logdet().item()).isCloseTo(Math.log(60), org.assertj.core.api.Assertions.within(1e-14));
        Tensor singular = Tensor.of(new double[] {1, 2, 2, 4}, 2, 2);
        assertThat(singular.det().item()).isEqualTo(0);
        assertThat(singular.slogdet().logarithm().item()).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(Tensor.zeros(DType.F64, 0, 0).det().item()).isEqualTo(1);
    }

    @Test
    void factors() {
        for (Tensor a : new Tensor[] {A, normal(2, 4, 3), normal(2, 3, 5)}) {
            SolveMethods.LuFactors lu = a.lu();
            close(lu.p().matmul(lu.l()).matmul(lu.u()), a);
            close(lu.u(), lu.u().triu(0));
            SolveMethods.QrFactors qr = a.qr();
            close(qr.q().matmul(qr.r()), a);
            close(qr.r(), qr.r().triu(0));
            Tensor gram = qr.q().transpose(-1, -2).matmul(qr.q());
            close(gram, unit(gram.size(-1)).expand(gram.shape()));
        }
        assertThat(A.lu().l().abs().amax().item()).isEqualTo(1); // pivots are the largest
        // LAPACK: R's diagonal is opposite in sign to what it replaces, and the last one of a square is left alone
        assertThat(unit(2).qr().r().toDoubles()).containsExactly(1, 0, 0, 1);
        assertThat(Tensor.of(new double[] {3, 4}, 2, 1).qr().r().item()).isEqualTo(-5);
    }

    @Test
    void leastSquares() {
        Tensor tall = normal(5, 3);
        Tensor b = normal(5);
        Tensor x = tall.lstsq(b);
        Tensor residual = tall.matmul(x).sub(b);
        close(tall.t().matmul(residual), Tensor.zeros(DType.F64, 3)); // orthogonal to the columns
        Tensor wide = tall.t();
        Tensor c = normal(3, 2);
        close(wide.lstsq(c), wide.pinv().matmul(c));
        assertThatThrownBy(() -> tall.lstsq(c)).hasMessageContaining("lstsq: expects");
    }

    @Test
    void pseudoInverses() {
        Tensor low = normal(4, 2).matmul(normal(2, 3));
        Tensor p = low.pinv();
        close(low.matmul(p).matmul(low), low);
        close(p.matmul(low).matmul(p), p);
        close(low.matmul(p), low.matmul(p).t());
        close(p.matmul(low), p.matmul(low).t());
        assertThat(low.matrixRank().item()).isEqualTo(2);
        assertThat(A.matrixRank().item()).isEqualTo(3);
        assertThat(A.svdvals().shape()).isEqualTo(Shape.of(3));
        close(A.matmul(A.t()).eigvalsh().sqrt(), A.svdvals().flip(0));
    }

    @Test
    void powersAndExponentials() {
        close(A.matrixPower(5), A.matmul(A).matmul(A).matmul(A).matmul(A));
        close(A.matrixPower(0), unit(3));
        close(A.matrixPower(-2).matmul(A).matmul(A), unit(3));
        double t = 2.5;
        Tensor turn = Tensor.of(new double[] {0, -t, t, 0}, 2, 2);
        double[] rotation = {Math.cos(t), -Math.sin(t), Math.sin(t), Math.cos(t)};
        close(turn.matrixExp(), Tensor.of(rotation, 2, 2));
        close(
                Tensor.of(new double[] {-30, 0, 0, 1}, 2, 2).matrixExp().diagonal(0, 0, 1),
                Tensor.of(new double[] {Math.exp(-30), Math.E}));
        assertThatThrownBy(() -> normal(2, 3).matrixExp()).hasMessageContaining("matrix_exp: expects square");
    }

    @Test
    void choleskyFactorsSolve() {
        Tensor a = A.matmul(A.t()).add(unit(3));
        Tensor b = normal(2, 3, 2);
        close(a.matmul(b.choleskySolve(a.cholesky(), false)), b);
        close(a.matmul(b.choleskySolve(a.cholesky().t(), true)), b);
        close(a.matmul(a.cholesky().choleskyInverse(false)), unit(3));
        close(A.tril(-1).add(unit(3)).matmul(A.solveTriangular(b.select(0, 0), false, true)), b.select(0, 0));
    }

    @Test
    void vectorProducts() {
        Tensor x = Tensor.of(new double[] {1, 2, 3});
        Tensor y = Tensor.of(new double[] {4, 5, 6});
        assertThat(x.cross(y, 0).toDoubles()).containsExactly(-3, 6, -3);
        assertThat(x.cross(y.expand(2, 3), -1).shape()).isEqualTo(Shape.of(2, 3));
        assertThatThrownBy(() -> normal(2).cross(normal(2), 0)).hasMessageContaining("cross: expects extent 3");
    }
}
