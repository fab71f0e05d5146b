package dev.retort.tensor;

import dev.retort.tensor.op.LinalgOp;

/// Linear systems, inverses, determinants and functions of matrices, methods of [Tensor]; formulas are at the ops,
/// [LinalgOp], or at the method. All work on the last two dimensions, batched over the others.
public sealed interface SolveMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private Tensor floating() {
        return self().dtype().isFloating() ? self() : self().to(DType.F32);
    }

    /// This as square matrices.
    private Tensor square(String op) {
        Tensor a = floating();
        if (a.rank() < 2 || a.size(-1) != a.size(-2)) {
            throw new OpException(op + ": expects square matrices [..., N, N], got " + self().type());
        }
        return a;
    }

    private static Tensor transposed(Tensor x) {
        return x.transpose(-2, -1);
    }

    /// Unit matrices of this type: ones where row and column agree.
    private static Tensor units(Tensor a, int n) {
        Tensor one = Tensor.eye(a.dtype(), n, n).to(a.device());
        return one.expand(a.shape().with(a.rank() - 1, n).with(a.rank() - 2, n));
    }

    /// `x` with leading dimensions that broadcast those of both.
    private static Tensor batched(String op, Tensor x, Tensor other) {
        Shape own = x.shape().without(x.rank() - 1).without(x.rank() - 2);
        Shape given = other.shape().without(other.rank() - 1).without(other.rank() - 2);
        Shape batch = Shape.broadcast(op, own, given);
        int rank = batch.rank();
        return x.expand(batch.insert(rank, x.size(-2)).insert(rank + 1, x.size(-1)));
    }

    /// X with this·X = b, for matrices [..., N, N] and b [..., N, K], [..., N] or [N]; leading dimensions broadcast.
    ///
    /// @throws OpException if a matrix is singular (a pivot is exactly 0), naming it
    default Tensor solve(Tensor b) {
        Tensor a = square("solve");
        DType dtype = a.dtype().promote(b.dtype());
        boolean vector = b.rank() == 1
                || (b.rank() == a.rank() - 1 && b.shape().equals(a.shape().without(a.rank() - 1)));
        Tensor right = vector ? b.unsqueeze(-1) : b;
        if (right.rank() < 2 || right.size(-2) != a.size(-1)) {
            throw new OpException("solve: expects b [..., " + a.size(-1) + ", K] or [..., " + a.size(-1) + "], got "
                    + b.type() + " for " + a.type());
        }
        Tensor x = Engine.one(
                new LinalgOp.Solve(),
                batched("solve", a, right).to(dtype),
                batched("solve", right, a).to(dtype));
        return vector ? x.squeeze(-1) : x;
    }

    /// The inverse.
    ///
    /// @throws OpException if a matrix is singular (a pivot is exactly 0), naming it
    default Tensor inv() {
        Tensor a = square("inv");
        return a.solve(units(a, a.size(-1)));
    }

    /// The determinant, [..., N, N] → [...].
    default Tensor det() {
        return Engine.one(new LinalgOp.Det(), square("det"));
    }

    /// Sign and logarithm of the absolute value of the determinant; 0 and −∞ for a singular matrix.
    default SignLog slogdet() {
        Tensor[] results = Engine.run(new LinalgOp.SlogDet(), square("slogdet"));
        return new SignLog(results[0], results[1]);
    }

    /// ln det; NaN where the determinant is negative.
    default Tensor logdet() {
        SignLog both = slogdet();
        return both.logarithm().maskedFill(both.sign().lt(0), Double.NaN);
    }

    /// LU decomposition with row pivots: this = P·L·U.
    default LuFactors lu() {
        Tensor[] results = Engine.run(new LinalgOp.Lu(), floating());
        int rows = results[0].size(-2);
        Tensor p = rows == 0 ? units(results[0], 0) : results[2].oneHot(rows, results[0].dtype());
        return new LuFactors(transposed(p), results[0], results[1]);
    }

    /// Thin QR decomposition, with the signs of LAPACK.
    default QrFactors qr() {
        Tensor[] results = Engine.run(new LinalgOp.Qr(), floating());
        return new QrFactors(results[0], results[1]);
    }

    /// The X of least norm ‖this·X − b‖, of least norm itself where the matrix [M, N] is wide; its rank
    /// must be min(M, N). b is [..., M, K] or [M].
    ///
    /// @throws OpException if the shapes do not fit
    default Tensor lstsq(Tensor b) {
        Tensor a = floating();
        Tensor right = b.rank() == 1 ? b.unsqueeze(-1) : b;
        if (a.rank() < 2 || right.rank() < 2 || right.size(-2) != a.size(-2)) {
            throw new OpException(
                    "lstsq: expects [..., M, N] and b [..., M, K] or [M], got " + self().type() + " and " + b.type());
        }
        boolean tall = a.size(-2) >= a.size(-1);
        QrFactors qr = (tall ? a : transposed(a)).qr();
        Tensor x = tall
                ? triangular(qr.r(), transposed(qr.q()).matmul(right), true)
                : qr.q().matmul(triangular(transposed(qr.r()), right, false));
        return b.rank() == 1 ? x.squeeze(-1) : x;
    }

    private static Tensor triangular(Tensor a, Tensor b, boolean upper) {
        Tensor right = batched("lstsq", b, a);
        return batched("lstsq", a, b).solveTriangular(right, upper);
    }

    /// The pseudo-inverse; singular values below the rounding errors of the largest count as 0.
    default Tensor pinv() {
        return pinv(roundoff());
    }

    /// The pseudo-inverse; singular values of at most `relative` times the largest count as 0.
    default Tensor pinv(double relative) {
        return Engine.one(new LinalgOp.Pinv(relative), floating());
    }

    /// max(M, N) times the distance from 1 to the next number.
    private double roundoff() {
        double eps = switch (floating().dtype()) {
            case F64 -> 0x1p-52;
            case F16 -> 0x1p-10;
            case BF16 -> 0x1p-7;
            default -> 0x1p-23;
        };
        return eps * (self().rank() < 2 ? 1 : Math.max(self().size(-1), self().size(-2)));
    }

    /// How many singular values are above the rounding errors of the largest, `I64` [...].
    default Tensor matrixRank() {
        Tensor s = floating().detach().svd().s();
        Tensor limit = s.size(-1) == 0 ? s : s.amax(true, -1).mul(roundoff());
        return s.gt(limit).sum(-1);
    }

    /// The singular values, descending.
    default Tensor svdvals() {
        return floating().svd().s();
    }

    /// The eigenvalues of symmetric matrices, ascending.
    default Tensor eigvalsh() {
        return floating().eigh().values();
    }

    /// Aⁿ by squaring; a negative n is a power of the inverse.
    ///
    /// @throws OpException if this is not square, or singular and n < 0
    default Tensor matrixPower(int n) {
        Tensor square = square("matrix_power");
        square = n < 0 ? square.inv() : square;
        Tensor power = null;
        for (long rest = Math.abs((long) n); rest > 0; rest /= 2) {
            if (rest % 2 == 1) {
                power = power == null ? square : power.matmul(square);
            }
            square = rest > 1 ? square.matmul(square) : square;
        }
        return power == null ? units(square, square.size(-1)).contiguous() : power;
    }

    /// eᴬ: Taylor's series of A/2ˢ, squared s times. Reads the largest norm on the host.
    default Tensor matrixExp() {
        Tensor a = square("matrix_exp");
        if (a.numel() == 0) {
            return a;
        }
        double norm = a.detach().abs().sum(-2).amax().item();
        int squarings = norm > 0.5 && norm < 1e300 ? Math.getExponent(norm) + 2 : 0;
        Tensor x = a.mul(Math.scalb(1.0, -squarings));
        Tensor one = units(a, a.size(-1));
        Tensor sum = one;
        for (int k = 14; k >= 1; k--) { // Horner: 1 + x(1 + x/2 (1 + x/3 (…))); 0.5¹⁵/15! is below 1e-16
            sum = one.add(x.matmul(sum).div((double) k));
        }
        for (int i = 0; i < squarings; i++) {
            sum = sum.matmul(sum);
        }
        return sum;
    }

    /// X with A·X = this, for the Cholesky factor of A: L with A = L·Lᵀ, or if `upper` U with A = Uᵀ·U.
    default Tensor choleskySolve(Tensor factor, boolean upper) {
        if (self().rank() < 2 || factor.rank() < 2) {
            throw new OpException("cholesky_solve: expects B [..., N, K] and a factor [..., N, N], got " + self().type()
                    + " and " + factor.type());
        }
        Tensor b = batched("cholesky_solve", self(), factor);
        Tensor l = batched("cholesky_solve", upper ? transposed(factor) : factor, self());
        return transposed(l).solveTriangular(l.solveTriangular(b, false), true);
    }

    /// The inverse of A = L·Lᵀ, this being L, or if `upper` of A = Uᵀ·U.
    default Tensor choleskyInverse(boolean upper) {
        Tensor factor = square("cholesky_inverse");
        return units(factor, factor.size(-1)).choleskySolve(factor, upper);
    }

    /// The vector product along `dim`, of extent 3; other dimensions broadcast.
    default Tensor cross(Tensor other, int dim) {
        Shape shape = Shape.broadcast("cross", self().shape(), other.shape());
        int d = shape.normalise("cross", dim);
        if (shape.rank() == 0 || shape.dim(d) != 3) {
            throw new OpException(
                    "cross: expects extent 3 of dim " + dim + ", got " + self().type() + " and " + other.type());
        }
        Tensor x = self().expand(shape);
        Tensor y = other.expand(shape);
        return x.roll(-1, d).mul(y.roll(-2, d)).sub(x.roll(-2, d).mul(y.roll(-1, d)));
    }

    /// Result of [#slogdet].
    ///
    /// @param sign      −1, 0 or 1, [...]
    /// @param logarithm ln |det|, [...]
    record SignLog(Tensor sign, Tensor logarithm) {}

    /// Result of [#lu]: this = p · l · u.
    ///
    /// @param p permutation, [..., M, M]
    /// @param l unit lower triangular, [..., M, R]
    /// @param u upper triangular, [..., R, N]
    record LuFactors(Tensor p, Tensor l, Tensor u) {}

    /// Result of [#qr]: this = q · r.
    ///
    /// @param q orthonormal columns, [..., M, K]
    /// @param r upper triangular, [..., K, N]
    record QrFactors(Tensor q, Tensor r) {}
}
