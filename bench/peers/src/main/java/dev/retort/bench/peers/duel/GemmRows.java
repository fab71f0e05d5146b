package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.pytorch.global.torch;

/// Matrix products M x K x N, with operands stored as they are or transposed.
final class GemmRows {
    private GemmRows() {}

    static List<Contest> all() {
        List<Contest> rows = new ArrayList<>();
        for (int n : new int[] {512, 1024, 2048}) {
            rows.add(product(n, n, n, false, false, n == 512));
        }
        rows.add(product(3136, 64, 256, false, false, true));
        rows.add(product(784, 512, 128, false, false, false));
        rows.add(product(512, 3072, 768, false, false, false));
        rows.add(product(1024, 768, 512, false, true, true));
        rows.add(product(1024, 768, 512, true, false, false));
        rows.add(product(1024, 768, 512, true, true, false));
        for (int m : new int[] {2, 8}) {
            rows.add(product(m, 768, 3072, false, true, false));
        }
        rows.add(product(1000, 1000, 1000, false, false, false));
        rows.add(product(517, 1023, 255, false, false, true));
        for (int n : new int[] {16, 32, 64, 96, 128}) {
            rows.add(product(n, n, n, false, false, n == 64));
        }
        rows.add(batched(96, 128, 64, 128, true));
        rows.add(batched(96, 256, 256, 64, false));
        rows.add(vector(4096, 4096, true));
        rows.add(vector(50257, 768, false));
        return rows;
    }

    private static Contest product(int m, int k, int n, boolean transA, boolean transB, boolean quick) {
        String suffix = transA || transB ? " " + (transA ? "T" : "N") + (transB ? "T" : "N") : "";
        return new Contest(
                "gemm " + m + "x" + k + "x" + n + suffix,
                2.0 * m * k * n,
                4.0 * ((double) m * k + (double) k * n + (double) m * n),
                1e-4,
                quick,
                () -> product(m, k, n, transA, transB));
    }

    private static Contestants product(int m, int k, int n, boolean transA, boolean transB) {
        Rng rng = new Rng(1);
        Tensor storedA = transA ? Random.normal(rng, k, m) : Random.normal(rng, m, k);
        Tensor storedB = transB ? Random.normal(rng, n, k) : Random.normal(rng, k, n);
        Tensor a = transA ? storedA.transpose(0, 1) : storedA;
        Tensor b = transB ? storedB.transpose(0, 1) : storedB;
        org.bytedeco.pytorch.Tensor torchA = Torch.of(storedA);
        org.bytedeco.pytorch.Tensor torchB = Torch.of(storedB);
        org.bytedeco.pytorch.Tensor left = transA ? torchA.transpose(0, 1) : torchA;
        org.bytedeco.pytorch.Tensor right = transB ? torchB.transpose(0, 1) : torchB;
        return new Contestants(
                Sides.giving(() -> a.matmul(b)),
                List.of(
                        Torch.side("libtorch (MKL)", () -> torch.mm(left, right)),
                        openBlas(storedA, storedB, m, k, n, transA, transB)));
    }

    /// The raw routine on memory that exists already, so without any cost of tensors.
    private static Side openBlas(Tensor a, Tensor b, int m, int k, int n, boolean transA, boolean transB) {
        FloatPointer left = new FloatPointer(a.toFloats());
        FloatPointer right = new FloatPointer(b.toFloats());
        FloatPointer out = new FloatPointer((long) m * n);
        Runnable run = () -> openblas.cblas_sgemm(
                openblas.CblasRowMajor,
                transA ? openblas.CblasTrans : openblas.CblasNoTrans,
                transB ? openblas.CblasTrans : openblas.CblasNoTrans,
                m,
                n,
                k,
                1,
                left,
                transA ? m : k,
                right,
                transB ? k : n,
                0,
                out,
                n);
        return new Side("OpenBLAS", run, () -> numbers(run, out, m * n));
    }

    private static float[] numbers(Runnable run, FloatPointer out, int count) {
        run.run();
        float[] numbers = new float[count];
        out.get(numbers);
        return numbers;
    }

    private static Contest batched(int batch, int m, int k, int n, boolean quick) {
        return new Contest(
                "gemm " + batch + " x " + m + "x" + k + "x" + n,
                2.0 * batch * m * k * n,
                4.0 * batch * ((double) m * k + (double) k * n + (double) m * n),
                1e-4,
                quick,
                () -> {
                    Rng rng = new Rng(1);
                    Tensor a = Random.normal(rng, batch, m, k);
                    Tensor b = Random.normal(rng, batch, k, n);
                    org.bytedeco.pytorch.Tensor left = Torch.of(a);
                    org.bytedeco.pytorch.Tensor right = Torch.of(b);
                    return new Contestants(
                            Sides.giving(() -> a.matmul(b)),
                            List.of(Torch.side("libtorch (MKL)", () -> torch.bmm(left, right))));
                });
    }

    private static Contest vector(int m, int k, boolean quick) {
        return new Contest(
                "gemv " + m + "x" + k, 2.0 * m * k, 4.0 * ((double) m * k + k + m), 1e-4, quick, () -> vector(m, k));
    }

    private static Contestants vector(int m, int k) {
        Rng rng = new Rng(1);
        Tensor a = Random.normal(rng, m, k);
        Tensor x = Random.normal(rng, k);
        org.bytedeco.pytorch.Tensor matrix = Torch.of(a);
        org.bytedeco.pytorch.Tensor vector = Torch.of(x);
        FloatPointer left = new FloatPointer(a.toFloats());
        FloatPointer right = new FloatPointer(x.toFloats());
        FloatPointer out = new FloatPointer(m);
        Runnable blas = () -> openblas.cblas_sgemv(
                openblas.CblasRowMajor, openblas.CblasNoTrans, m, k, 1, left, k, right, 1, 0, out, 1);
        return new Contestants(
                Sides.giving(() -> a.matmul(x)),
                List.of(
                        Torch.side("libtorch (MKL)", () -> torch.mv(matrix, vector)),
                        new Side("OpenBLAS", blas, () -> numbers(blas, out, m))));
    }
}
