package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.OpException;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.ElementwiseOp.Relation;

/// Element-wise reference kernels on integers. `long` arithmetic wraps around, and storing keeps the low
/// bits, so every integer dtype behaves as two's complement of its own width.
final class IntegerReference {
    private IntegerReference() {}

    static void unary(ElementwiseOp.Unary op, long[] x, long[] y) {
        if (!(op instanceof ElementwiseOp.NumberUnary number)) {
            throw new OpException(op.name() + ": expects a floating dtype, got integers");
        }
        for (int i = 0; i < y.length; i++) {
            y[i] = switch (number) {
                case ElementwiseOp.Neg() -> -x[i];
                case ElementwiseOp.Abs() -> Math.abs(x[i]);
                case ElementwiseOp.Sign() -> Long.signum(x[i]);
                case ElementwiseOp.Square() -> x[i] * x[i];
                case ElementwiseOp.AddScalar(double value) -> add(x[i], value);
                case ElementwiseOp.MulScalar(double value) -> mul(x[i], value);
                case ElementwiseOp.Clamp(double min, double max) ->
                    Math.min(Math.max(x[i], (long) Math.ceil(min)), (long) Math.floor(max));
                case ElementwiseOp.Relu() -> Math.max(x[i], 0);
            };
        }
    }

    /// x + value; a value with a fraction is added in double and the sum truncated.
    static long add(long x, double value) {
        return value == Math.rint(value) ? x + (long) value : (long) (x + value);
    }

    /// x · value; a value with a fraction is multiplied in double and the product truncated.
    static long mul(long x, double value) {
        return value == Math.rint(value) ? x * (long) value : (long) (x * value);
    }

    static void binary(ElementwiseOp.Binary op, long[] a, long[] b, long[] y) {
        switch (op) {
            case ElementwiseOp.Add() -> add(a, b, y);
            case ElementwiseOp.Sub() -> sub(a, b, y);
            case ElementwiseOp.Mul() -> mul(a, b, y);
            case ElementwiseOp.Maximum() -> maximum(a, b, y);
            case ElementwiseOp.Minimum() -> minimum(a, b, y);
            case ElementwiseOp.Remainder() -> remainder(a, b, y);
            case ElementwiseOp.Pow() -> pow(a, b, y);
            case ElementwiseOp.Fmod() -> fmod(a, b, y);
            case ElementwiseOp.FloorDivide() -> floorDivide(a, b, y);
            case ElementwiseOp.Div(), ElementwiseOp.RareFloatingBinary _ ->
                throw new OpException(op.name() + ": expects a floating dtype, got integers");
        }
    }

    /// a + b.
    private static void add(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] + b[i];
        }
    }

    /// a − b.
    private static void sub(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] - b[i];
        }
    }

    /// a · b.
    private static void mul(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] * b[i];
        }
    }

    /// max(a, b).
    private static void maximum(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.max(a[i], b[i]);
        }
    }

    /// min(a, b).
    private static void minimum(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.min(a[i], b[i]);
        }
    }

    /// a − b·⌊a/b⌋.
    private static void remainder(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.floorMod(a[i], divisor("remainder", a[i], b[i]));
        }
    }

    /// a − b·trunc(a/b).
    private static void fmod(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] % divisor("fmod", a[i], b[i]);
        }
    }

    /// ⌊a/b⌋.
    private static void floorDivide(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.floorDiv(a[i], divisor("floor_divide", a[i], b[i]));
        }
    }

    private static long divisor(String op, long a, long b) {
        if (b == 0) {
            throw new OpException(op + ": expects integer divisors other than 0, got " + a + " and 0");
        }
        return b;
    }

    /// aᵇ by squaring.
    private static void pow(long[] a, long[] b, long[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = b[i] >= 0 ? pow(a[i], b[i]) : a[i] == 1 ? 1 : a[i] == -1 ? 1 - 2 * (b[i] & 1) : 0;
        }
    }

    private static long pow(long a, long b) {
        long result = 1;
        long square = a;
        for (long rest = b; rest > 0; rest >>= 1) {
            result = (rest & 1) == 1 ? result * square : result;
            square *= square;
        }
        return result;
    }

    /// 1 where the relation holds.
    static void compare(Relation relation, long[] a, long[] b, byte[] y) {
        for (int i = 0; i < y.length; i++) {
            boolean holds = switch (relation) {
                case EQ -> a[i] == b[i];
                case NE -> a[i] != b[i];
                case LT -> a[i] < b[i];
                case LE -> a[i] <= b[i];
                case GT -> a[i] > b[i];
                case GE -> a[i] >= b[i];
            };
            y[i] = (byte) (holds ? 1 : 0);
        }
    }
}
