package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ReductionOp;

/// Reference kernels of [ReductionOp]: the reduced dimensions are moved to the end, and each of the
/// `count` rows of `n` elements is combined from left to right.
final class ReductionReference {
    private ReductionReference() {}

    static Tensor[] run(ReductionOp op, Tensor[] in, TensorType[] out) {
        TensorType type = out[0];
        Tensor x = Moves.rows(in[0], op.dims());
        int n = rowLength(in[0], op.dims());
        int count = n == 0 ? type.shape().numel() : in[0].numel() / n;
        boolean exact = !in[0].dtype().isFloating();
        return switch (op) {
            case ReductionOp.Sum o -> {
                yield one(exact ? sum(Elements.longs(x), n, count, type) : sum(Elements.doubles(x), n, count, type));
            }
            case ReductionOp.Prod o -> {
                yield one(exact ? prod(Elements.longs(x), n, count, type) : prod(Elements.doubles(x), n, count, type));
            }
            case ReductionOp.Mean o -> one(mean(Elements.doubles(x), n, count, type));
            case ReductionOp.Var o -> one(var(Elements.doubles(x), n, count, o.correction(), type));
            case ReductionOp.Std o -> one(std(Elements.doubles(x), n, count, o.correction(), type));
            case ReductionOp.LogSumExp o -> one(logSumExp(Elements.doubles(x), n, count, type));
            case ReductionOp.Norm o -> one(norm(Elements.doubles(x), n, count, o.p(), type));
            case ReductionOp.AMax o -> one(values(x, extremes(x, n, count, true), n, type));
            case ReductionOp.AMin o -> one(values(x, extremes(x, n, count, false), n, type));
            case ReductionOp.MaxWithIndices o -> {
                int[] best = extremes(x, n, count, o.largest());
                yield new Tensor[] {values(x, best, n, type), indices(best, out[1])};
            }
            case ReductionOp.ArgMax o -> one(indices(extremes(x, n, count, o.largest()), type));
            case ReductionOp.Any o -> one(any(Elements.rowMajor(x).bytes(), n, count, type));
            case ReductionOp.All o -> one(all(Elements.rowMajor(x).bytes(), n, count, type));
            case ReductionOp.CumSum o -> one(exact ? cumSumLongs(x, n, o.dim(), type) : cumSum(x, n, o.dim(), type));
            case ReductionOp.CumProd o -> one(exact ? cumProdLongs(x, n, o.dim(), type) : cumProd(x, n, o.dim(), type));
        };
    }

    private static Tensor[] one(Tensor result) {
        return new Tensor[] {result};
    }

    private static int rowLength(Tensor x, int[] dims) {
        int n = 1;
        for (int d : dims) {
            n *= x.rank() == 0 ? 1 : x.size(d);
        }
        return n;
    }

    /// Σ x.
    private static Tensor sum(double[] x, int n, int count, TensorType type) {
        double[] y = new double[count];
        for (int row = 0; row < count; row++) {
            y[row] = rowSum(x, row * n, n);
        }
        return Elements.tensor(y, type);
    }

    private static double rowSum(double[] x, int from, int n) {
        double sum = 0;
        for (int i = from; i < from + n; i++) {
            sum += x[i];
        }
        return sum;
    }

    /// Σ x of integers, modulo 2⁶⁴.
    private static Tensor sum(long[] x, int n, int count, TensorType type) {
        long[] y = new long[count];
        for (int row = 0; row < count; row++) {
            for (int i = row * n; i < (row + 1) * n; i++) {
                y[row] += x[i];
            }
        }
        return Elements.tensor(y, type);
    }

    /// Π x.
    private static Tensor prod(double[] x, int n, int count, TensorType type) {
        double[] y = new double[count];
        for (int row = 0; row < count; row++) {
            double product = 1;
            for (int i = row * n; i < (row + 1) * n; i++) {
                product *= x[i];
            }
            y[row] = product;
        }
        return Elements.tensor(y, type);
    }

    /// Π x of integers, modulo 2⁶⁴.
    private static Tensor prod(long[] x, int n, int count, TensorType type) {
        long[] y = new long[count];
        for (int row = 0; row < count; row++) {
            y[row] = 1;
            for (int i = row * n; i < (row + 1) * n; i++) {
                y[row] *= x[i];
            }
        }
        return Elements.tensor(y, type);
    }

    /// Σ x / n.
    private static Tensor mean(double[] x, int n, int count, TensorType type) {
        double[] y = new double[count];
        for (int row = 0; row < count; row++) {
            y[row] = rowSum(x, row * n, n) / n;
        }
        return Elements.tensor(y, type);
    }

    /// Σ (x − mean)² / max(0, n − correction).
    private static Tensor var(double[] x, int n, int count, double correction, TensorType type) {
        return Elements.tensor(variances(x, n, count, correction), type);
    }

    /// The root of the variance, taken before it is rounded.
    private static Tensor std(double[] x, int n, int count, double correction, TensorType type) {
        double[] y = variances(x, n, count, correction);
        for (int row = 0; row < count; row++) {
            y[row] = Math.sqrt(y[row]);
        }
        return Elements.tensor(y, type);
    }

    private static double[] variances(double[] x, int n, int count, double correction) {
        double[] y = new double[count];
        for (int row = 0; row < count; row++) {
            double mean = rowSum(x, row * n, n) / n;
            double squares = 0;
            for (int i = row * n; i < (row + 1) * n; i++) {
                squares += (x[i] - mean) * (x[i] - mean);
            }
            y[row] = squares / Math.max(0, n - correction);
        }
        return y;
    }

    /// m + ln Σ e^(x − m) with m = max x, or 0 where that is infinite.
    private static Tensor logSumExp(double[] x, int n, int count, TensorType type) {
        double[] y = new double[count];
        for (int row = 0; row < count; row++) {
            double max = Double.NEGATIVE_INFINITY;
            for (int i = row * n; i < (row + 1) * n; i++) {
                max = Math.max(max, x[i]);
            }
            double shift = Double.isInfinite(max) ? 0 : max;
            double sum = 0;
            for (int i = row * n; i < (row + 1) * n; i++) {
                sum += StrictMath.exp(x[i] - shift);
            }
            y[row] = shift + StrictMath.log(sum);
        }
        return Elements.tensor(y, type);
    }

    /// (Σ|x|ᵖ)^(1/p).
    private static Tensor norm(double[] x, int n, int count, double p, TensorType type) {
        double[] y = new double[count];
        for (int row = 0; row < count; row++) {
            double total = p == Double.NEGATIVE_INFINITY ? Double.POSITIVE_INFINITY : 0;
            for (int i = row * n; i < (row + 1) * n; i++) {
                double a = Math.abs(x[i]);
                if (p == 0) {
                    total += a != 0 ? 1 : 0;
                } else if (p == Double.POSITIVE_INFINITY) {
                    total = Math.max(total, a);
                } else if (p == Double.NEGATIVE_INFINITY) {
                    total = Math.min(total, a);
                } else {
                    total += p == 1 ? a : p == 2 ? a * a : Scalars.pow(a, p);
                }
            }
            boolean plain = p == 0 || p == 1 || Double.isInfinite(p);
            y[row] = plain ? total : p == 2 ? Math.sqrt(total) : Scalars.pow(total, 1 / p);
        }
        return Elements.tensor(y, type);
    }

    /// Position in its row of each row's first largest (or smallest) element; the first NaN beats all.
    private static int[] extremes(Tensor rows, int n, int count, boolean largest) {
        int[] best = new int[count];
        if (rows.dtype().isFloating()) {
            double[] x = Elements.doubles(rows);
            for (int row = 0; row < count; row++) {
                best[row] = extreme(x, row * n, n, largest);
            }
        } else {
            long[] x = Elements.longs(rows);
            for (int row = 0; row < count; row++) {
                best[row] = extreme(x, row * n, n, largest);
            }
        }
        return best;
    }

    private static int extreme(double[] x, int from, int n, boolean largest) {
        int best = 0;
        for (int i = 0; i < n; i++) {
            double a = x[from + i];
            double b = x[from + best];
            if (Double.isNaN(a)) {
                return i;
            }
            if (largest ? a > b : a < b) {
                best = i;
            }
        }
        return best;
    }

    private static int extreme(long[] x, int from, int n, boolean largest) {
        int best = 0;
        for (int i = 1; i < n; i++) {
            long a = x[from + i];
            long b = x[from + best];
            if (largest ? a > b : a < b) {
                best = i;
            }
        }
        return best;
    }

    private static Tensor values(Tensor rows, int[] best, int n, TensorType type) {
        HostStorage x = Elements.rowMajor(rows);
        HostStorage y = HostStorage.allocate(type.dtype(), best.length);
        for (int row = 0; row < best.length; row++) {
            Moves.element(x, row * n + best[row], y, row);
        }
        return Moves.whole(y, type.shape());
    }

    private static Tensor indices(int[] best, TensorType type) {
        long[] y = new long[best.length];
        for (int row = 0; row < y.length; row++) {
            y[row] = best[row];
        }
        return Elements.tensor(y, type);
    }

    private static Tensor any(byte[] x, int n, int count, TensorType type) {
        byte[] y = new byte[count];
        for (int row = 0; row < count; row++) {
            for (int i = row * n; i < (row + 1) * n; i++) {
                y[row] |= x[i];
            }
        }
        return Moves.whole(HostStorage.wrap(DType.BOOL, y), type.shape());
    }

    private static Tensor all(byte[] x, int n, int count, TensorType type) {
        byte[] y = new byte[count];
        for (int row = 0; row < count; row++) {
            y[row] = 1;
            for (int i = row * n; i < (row + 1) * n; i++) {
                y[row] &= x[i];
            }
        }
        return Moves.whole(HostStorage.wrap(DType.BOOL, y), type.shape());
    }

    /// y[i] = x[0] + … + x[i].
    private static Tensor cumSum(Tensor rows, int n, int dim, TensorType type) {
        double[] x = Elements.doubles(rows);
        double[] y = new double[x.length];
        for (int start = 0; start < x.length; start += n) {
            double sum = 0;
            for (int i = start; i < start + n; i++) {
                sum += x[i];
                y[i] = sum;
            }
        }
        TensorType moved = new TensorType(type.dtype(), rows.shape());
        return Moves.unrows((HostStorage) Elements.tensor(y, moved).storage(), type, dim);
    }

    private static Tensor cumSumLongs(Tensor rows, int n, int dim, TensorType type) {
        long[] x = Elements.longs(rows);
        long[] y = new long[x.length];
        for (int start = 0; start < x.length; start += n) {
            long sum = 0;
            for (int i = start; i < start + n; i++) {
                sum += x[i];
                y[i] = sum;
            }
        }
        TensorType moved = new TensorType(type.dtype(), rows.shape());
        return Moves.unrows((HostStorage) Elements.tensor(y, moved).storage(), type, dim);
    }

    /// y[i] = x[0] · … · x[i].
    private static Tensor cumProd(Tensor rows, int n, int dim, TensorType type) {
        double[] x = Elements.doubles(rows);
        double[] y = new double[x.length];
        for (int start = 0; start < x.length; start += n) {
            double product = 1;
            for (int i = start; i < start + n; i++) {
                product *= x[i];
                y[i] = product;
            }
        }
        TensorType moved = new TensorType(type.dtype(), rows.shape());
        return Moves.unrows((HostStorage) Elements.tensor(y, moved).storage(), type, dim);
    }

    private static Tensor cumProdLongs(Tensor rows, int n, int dim, TensorType type) {
        long[] x = Elements.longs(rows);
        long[] y = new long[x.length];
        for (int start = 0; start < x.length; start += n) {
            long product = 1;
            for (int i = start; i < start + n; i++) {
                product *= x[i];
                y[i] = product;
            }
        }
        TensorType moved = new TensorType(type.dtype(), rows.shape());
        return Moves.unrows((HostStorage) Elements.tensor(y, moved).storage(), type, dim);
    }
}
