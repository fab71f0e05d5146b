package dev.retort.autograd;

import static dev.retort.autograd.Tensors.normal;

import dev.retort.tensor.LinearAlgebraMethods.Eigen;
import dev.retort.tensor.LinearAlgebraMethods.SingularValues;
import dev.retort.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Gradients through eigenvectors and singular vectors, to second order, by functions that do not depend on
/// the signs that a decomposition happens to choose.
class DecompositionGradientTest {
    private static final GradCheck CHECK = GradCheck.defaults().withTolerance(1e-5, 1e-6);

    private static void check(String name, UnaryOperator<Tensor> function, Tensor x) {
        UnaryOperator<Tensor[]> results = in -> new Tensor[] {function.apply(in[0])};
        CHECK.firstOrder(name, results, x).verify();
        CHECK.secondOrder(name, results, x).verify();
    }

    /// A matrix with eigenvalues (or singular values) that lie apart.
    private static Tensor spread(int rows, int columns, int... leading) {
        int[] shape = java.util.Arrays.copyOf(leading, leading.length + 2);
        shape[leading.length] = rows;
        shape[leading.length + 1] = columns;
        Tensor steps = Tensor.arange(1, 2 * columns + 1, 2, dev.retort.tensor.DType.F64);
        Tensor diagonal = Tensor.eye(dev.retort.tensor.DType.F64, rows, columns).mul(steps);
        return normal(3, shape).mul(0.3).add(diagonal);
    }

    private static Eigen eigen(Tensor x) {
        return x.add(x.transpose(-1, -2)).mul(0.5).eigh();
    }

    /// V · diag(w) · Vᵀ.
    private static Tensor joined(Tensor vectors, Tensor values) {
        return vectors.mul(values.unsqueeze(-2)).matmul(vectors.transpose(-1, -2));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void functionsOfSymmetricMatrices(int n) {
        Tensor x = spread(n, n);
        check("exponential", a -> joined(eigen(a).vectors(), eigen(a).values().exp()), x);
        check("itself", a -> joined(eigen(a).vectors(), eigen(a).values()), x);
        check(
                "absolute cube",
                a -> joined(eigen(a).vectors(), eigen(a).values().abs().pow(3.0)),
                x);
        check(
                "projector",
                a -> {
                    Tensor top = eigen(a).vectors().narrow(-1, n - 1, 1);
                    return top.matmul(top.transpose(-1, -2));
                },
                x);
        check("values", a -> eigen(a).values().sin(), x);
    }

    @ParameterizedTest
    @CsvSource({"4, 3", "3, 4", "3, 3", "1, 3", "3, 1"})
    void functionsOfSingularValues(int rows, int columns) {
        Tensor x = spread(rows, columns);
        check(
                "itself",
                a -> {
                    SingularValues d = a.svd();
                    return d.u().mul(d.s().unsqueeze(-2)).matmul(d.vh());
                },
                x);
        check(
                "pseudo-inverse",
                a -> {
                    SingularValues d = a.svd();
                    return d.vh().transpose(-1, -2)
                            .mul(d.s().reciprocal().unsqueeze(-2))
                            .matmul(d.u().transpose(-1, -2));
                },
                x);
        check("polar factor", a -> a.svd().u().matmul(a.svd().vh()), x);
        check("nuclear norm", a -> a.svd().s().sum(), x);
        check(
                "left projector",
                a -> {
                    Tensor top = a.svd().u().narrow(-1, 0, 1);
                    return top.matmul(top.transpose(-1, -2));
                },
                x);
    }

    @ParameterizedTest
    @ValueSource(ints = {2})
    void batches(int batch) {
        Tensor x = spread(3, 3, batch);
        check("exponential", a -> joined(eigen(a).vectors(), eigen(a).values().exp()), x);
        check("polar factor", a -> a.svd().u().matmul(a.svd().vh()), x);
    }
}
