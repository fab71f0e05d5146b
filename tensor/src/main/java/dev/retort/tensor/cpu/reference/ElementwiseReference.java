package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.ElementwiseOp.Relation;

/// Reference kernels of [ElementwiseOp]: integers and truth values in `long`s, floating dtypes in
/// `double`s.
final class ElementwiseReference {
    private ElementwiseReference() {}

    static Tensor[] run(ElementwiseOp op, Tensor[] in, TensorType[] out) {
        TensorType type = out[0];
        if (op instanceof ElementwiseOp.WeightedSumBackward) {
            return WeightedSumReference.backward(in, out);
        }
        Tensor result = switch (op) {
            case ElementwiseOp.Unary o -> unary(o, in[0], type);
            case ElementwiseOp.Binary o -> binary(o, in[0], in[1], type);
            case ElementwiseOp.Comparison(Relation relation) -> compare(relation, in[0], in[1], type);
            case ElementwiseOp.Logical(ElementwiseOp.Connective c) -> logical(c, in[0], in[1], type);
            case ElementwiseOp.LogicalNot() -> logicalNot(in[0], type);
            case ElementwiseOp.IsNan() -> isNan(in[0], type);
            case ElementwiseOp.IsFinite() -> isFinite(in[0], type);
            case ElementwiseOp.Where() -> where(in[0], in[1], in[2], type);
            case ElementwiseOp.MaskedFill(double value) -> maskedFill(in[0], in[1], value);
            case ElementwiseOp.UnaryBackward(ElementwiseOp.Unary of) -> unaryBackward(of, in, type);
            case ElementwiseOp.WeightedSum() -> WeightedSumReference.forward(in, type);
            case ElementwiseOp.WeightedSumBackward() -> throw new AssertionError("has several results");
        };
        return new Tensor[] {result};
    }

    private static Tensor unary(ElementwiseOp.Unary op, Tensor x, TensorType type) {
        if (type.dtype().isFloating()) {
            double[] y = new double[x.numel()];
            UnaryReference.run(op, Elements.doubles(x), y);
            return Elements.tensor(y, type);
        }
        long[] y = new long[x.numel()];
        IntegerReference.unary(op, Elements.longs(x), y);
        return Elements.tensor(y, type);
    }

    /// g · f′(x) with y = f(x).
    private static Tensor unaryBackward(ElementwiseOp.Unary of, Tensor[] in, TensorType type) {
        double[] d = new double[in[1].numel()];
        UnaryGradients.run(of, Elements.doubles(in[0]), Elements.doubles(in[1]), Elements.doubles(in[2]), d);
        return Elements.tensor(d, type);
    }

    private static Tensor binary(ElementwiseOp.Binary op, Tensor a, Tensor b, TensorType type) {
        Tensor wideA = Moves.broadcast(a, type.shape());
        Tensor wideB = Moves.broadcast(b, type.shape());
        if (type.dtype().isFloating()) {
            double[] y = new double[type.shape().numel()];
            binary(op, Elements.doubles(wideA), Elements.doubles(wideB), y);
            return Elements.tensor(y, type);
        }
        long[] y = new long[type.shape().numel()];
        IntegerReference.binary(op, Elements.longs(wideA), Elements.longs(wideB), y);
        return Elements.tensor(y, type);
    }

    private static void binary(ElementwiseOp.Binary op, double[] a, double[] b, double[] y) {
        switch (op) {
            case ElementwiseOp.Add() -> add(a, b, y);
            case ElementwiseOp.Sub() -> sub(a, b, y);
            case ElementwiseOp.Mul() -> mul(a, b, y);
            case ElementwiseOp.Div() -> div(a, b, y);
            case ElementwiseOp.Pow() -> pow(a, b, y);
            case ElementwiseOp.Maximum() -> maximum(a, b, y);
            case ElementwiseOp.Minimum() -> minimum(a, b, y);
            case ElementwiseOp.Remainder() -> remainder(a, b, y);
            case ElementwiseOp.Fmod() -> fmod(a, b, y);
            case ElementwiseOp.FloorDivide() -> floorDivide(a, b, y);
            case ElementwiseOp.Atan2() -> atan2(a, b, y);
            case ElementwiseOp.Hypot() -> hypot(a, b, y);
        }
    }

    /// a + b.
    private static void add(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] + b[i];
        }
    }

    /// a − b.
    private static void sub(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] - b[i];
        }
    }

    /// a · b.
    private static void mul(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] * b[i];
        }
    }

    /// a / b.
    private static void div(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] / b[i];
        }
    }

    /// aᵇ.
    private static void pow(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.pow(a[i], b[i]);
        }
    }

    /// max(a, b), NaN if either is.
    private static void maximum(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.max(a[i], b[i]);
        }
    }

    /// min(a, b), NaN if either is.
    private static void minimum(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.min(a[i], b[i]);
        }
    }

    /// a − b·⌊a/b⌋.
    private static void remainder(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.remainder(a[i], b[i]);
        }
    }

    /// a − b·trunc(a/b).
    private static void fmod(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = a[i] % b[i];
        }
    }

    /// ⌊a/b⌋.
    private static void floorDivide(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = Scalars.floorDivide(a[i], b[i]);
        }
    }

    /// The angle of (b, a).
    private static void atan2(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.atan2(a[i], b[i]);
        }
    }

    /// √(a² + b²).
    private static void hypot(double[] a, double[] b, double[] y) {
        for (int i = 0; i < y.length; i++) {
            y[i] = StrictMath.hypot(a[i], b[i]);
        }
    }

    private static Tensor compare(Relation relation, Tensor a, Tensor b, TensorType type) {
        Tensor wideA = Moves.broadcast(a, type.shape());
        Tensor wideB = Moves.broadcast(b, type.shape());
        byte[] y = new byte[type.shape().numel()];
        if (a.dtype().isFloating()) {
            compare(relation, Elements.doubles(wideA), Elements.doubles(wideB), y);
        } else {
            IntegerReference.compare(relation, Elements.longs(wideA), Elements.longs(wideB), y);
        }
        return bools(y, type);
    }

    /// 1 where the relation holds; with NaN only `NE` does.
    private static void compare(Relation relation, double[] a, double[] b, byte[] y) {
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

    private static Tensor logical(ElementwiseOp.Connective connective, Tensor a, Tensor b, TensorType type) {
        byte[] p = Elements.rowMajor(Moves.broadcast(a, type.shape())).bytes();
        byte[] q = Elements.rowMajor(Moves.broadcast(b, type.shape())).bytes();
        byte[] y = new byte[type.shape().numel()];
        for (int i = 0; i < y.length; i++) {
            y[i] = (byte)
                    switch (connective) {
                        case AND -> p[i] & q[i];
                        case OR -> p[i] | q[i];
                        case XOR -> p[i] ^ q[i];
                    };
        }
        return bools(y, type);
    }

    private static Tensor logicalNot(Tensor x, TensorType type) {
        byte[] p = Elements.rowMajor(x).bytes();
        byte[] y = new byte[x.numel()];
        for (int i = 0; i < y.length; i++) {
            y[i] = (byte) (1 - p[i]);
        }
        return bools(y, type);
    }

    private static Tensor isNan(Tensor x, TensorType type) {
        double[] v = Elements.doubles(x);
        byte[] y = new byte[v.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = (byte) (Double.isNaN(v[i]) ? 1 : 0);
        }
        return bools(y, type);
    }

    private static Tensor isFinite(Tensor x, TensorType type) {
        double[] v = Elements.doubles(x);
        byte[] y = new byte[v.length];
        for (int i = 0; i < y.length; i++) {
            y[i] = (byte) (Double.isFinite(v[i]) ? 1 : 0);
        }
        return bools(y, type);
    }

    /// a where the condition holds, b elsewhere; moved, not computed.
    private static Tensor where(Tensor condition, Tensor a, Tensor b, TensorType type) {
        byte[] c = Elements.rowMajor(Moves.broadcast(condition, type.shape())).bytes();
        HostStorage yes = Elements.rowMajor(Moves.broadcast(a, type.shape()));
        HostStorage no = Elements.rowMajor(Moves.broadcast(b, type.shape()));
        HostStorage y = HostStorage.allocate(type.dtype(), c.length);
        for (int i = 0; i < c.length; i++) {
            Moves.element(c[i] != 0 ? yes : no, i, y, i);
        }
        return Moves.whole(y, type.shape());
    }

    private static Tensor maskedFill(Tensor x, Tensor mask, double value) {
        byte[] m = Elements.rowMajor(Moves.broadcast(mask, x.shape())).bytes();
        Tensor y = Moves.copy(x);
        HostStorage storage = (HostStorage) y.storage();
        for (int i = 0; i < m.length; i++) {
            if (m[i] != 0) {
                storage.setDouble(i, value);
            }
        }
        return y;
    }

    private static Tensor bools(byte[] data, TensorType type) {
        return Moves.whole(HostStorage.wrap(DType.BOOL, data), type.shape());
    }
}
