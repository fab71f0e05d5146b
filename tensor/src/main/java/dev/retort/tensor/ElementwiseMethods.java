package dev.retort.tensor;

import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.ElementwiseOp.Connective;
import dev.retort.tensor.op.ElementwiseOp.Relation;

/// Element-wise methods of [Tensor]; formulas are at the ops, [ElementwiseOp].
public sealed interface ElementwiseMethods permits Tensor {
    /// This tensor.
    Tensor self();

    private Tensor unary(ElementwiseOp.Unary op) {
        Tensor x = self();
        boolean convert =
                x.dtype() == DType.BOOL || (!op.acceptsIntegers() && !x.dtype().isFloating());
        return Engine.one(op, convert ? x.to(DType.F32) : x);
    }

    /// Integers are whole already.
    private Tensor rounding(ElementwiseOp.Unary op) {
        boolean whole = !self().dtype().isFloating() && self().dtype() != DType.BOOL;
        return whole ? self() : unary(op);
    }

    private Tensor binary(ElementwiseOp op, Tensor other) {
        DType dtype = self().dtype().promote(other.dtype());
        return Engine.one(op, self().to(dtype), other.to(dtype));
    }

    private Tensor arithmetic(ElementwiseOp.Binary op, Tensor other) {
        DType dtype = self().dtype().promote(other.dtype());
        dtype = dtype == DType.BOOL ? DType.I64 : dtype;
        return Engine.one(op, self().to(dtype), other.to(dtype));
    }

    private Tensor floating(ElementwiseOp.Binary op, Tensor other) {
        DType dtype = self().dtype().promote(other.dtype());
        dtype = dtype.isFloating() ? dtype : DType.F32;
        return Engine.one(op, self().to(dtype), other.to(dtype));
    }

    /// This tensor as floating type, for a scalar that may have a fraction.
    private Tensor asFloating() {
        return self().dtype().isFloating() ? self() : self().to(DType.F32);
    }

    /// A scalar of this tensor's dtype and device; exact for integers.
    private Tensor scalarLike(long value) {
        HostStorage storage = HostStorage.allocate(self().dtype() == DType.BOOL ? DType.I64 : self().dtype(), 1);
        storage.setLong(0, value);
        return Tensor.of(storage, 0, Shape.SCALAR, new int[0]).to(self().device());
    }

    /// −x.
    default Tensor neg() {
        return unary(new ElementwiseOp.Neg());
    }

    /// |x|.
    default Tensor abs() {
        return unary(new ElementwiseOp.Abs());
    }

    /// −1, 0 or 1.
    default Tensor sign() {
        return unary(new ElementwiseOp.Sign());
    }

    /// x².
    default Tensor square() {
        return unary(new ElementwiseOp.Square());
    }

    /// eˣ.
    default Tensor exp() {
        return unary(new ElementwiseOp.Exp());
    }

    /// eˣ − 1.
    default Tensor expm1() {
        return unary(new ElementwiseOp.Expm1());
    }

    /// ln x.
    default Tensor log() {
        return unary(new ElementwiseOp.Log());
    }

    /// ln(1 + x).
    default Tensor log1p() {
        return unary(new ElementwiseOp.Log1p());
    }

    /// √x.
    default Tensor sqrt() {
        return unary(new ElementwiseOp.Sqrt());
    }

    /// 1/√x.
    default Tensor rsqrt() {
        return unary(new ElementwiseOp.Rsqrt());
    }

    /// 1/x.
    default Tensor reciprocal() {
        return unary(new ElementwiseOp.Reciprocal());
    }

    /// sin x.
    default Tensor sin() {
        return unary(new ElementwiseOp.Sin());
    }

    /// cos x.
    default Tensor cos() {
        return unary(new ElementwiseOp.Cos());
    }

    /// tan x.
    default Tensor tan() {
        return unary(new ElementwiseOp.Tan());
    }

    /// arcsin x.
    default Tensor asin() {
        return unary(new ElementwiseOp.Asin());
    }

    /// arccos x.
    default Tensor acos() {
        return unary(new ElementwiseOp.Acos());
    }

    /// arctan x.
    default Tensor atan() {
        return unary(new ElementwiseOp.Atan());
    }

    /// log₂ x.
    default Tensor log2() {
        return unary(new ElementwiseOp.Log2());
    }

    /// log₁₀ x.
    default Tensor log10() {
        return unary(new ElementwiseOp.Log10());
    }

    /// tanh x.
    default Tensor tanh() {
        return unary(new ElementwiseOp.Tanh());
    }

    /// 1/(1 + e⁻ˣ).
    default Tensor sigmoid() {
        return unary(new ElementwiseOp.Sigmoid());
    }

    /// ln sigmoid(x).
    default Tensor logSigmoid() {
        return unary(new ElementwiseOp.LogSigmoid());
    }

    /// erf x.
    default Tensor erf() {
        return unary(new ElementwiseOp.Erf());
    }

    /// max(x, 0).
    default Tensor relu() {
        return unary(new ElementwiseOp.Relu());
    }

    /// x, or slope · x where x < 0.
    default Tensor leakyRelu(double slope) {
        return unary(new ElementwiseOp.LeakyRelu(slope));
    }

    /// x, or alpha · (eˣ − 1) where x ≤ 0.
    default Tensor elu(double alpha) {
        return unary(new ElementwiseOp.Elu(alpha));
    }

    /// x · Φ(x), exact.
    default Tensor gelu() {
        return unary(new ElementwiseOp.Gelu(false));
    }

    /// x · Φ(x) by the tanh approximation.
    default Tensor geluTanh() {
        return unary(new ElementwiseOp.Gelu(true));
    }

    /// x · sigmoid(x).
    default Tensor silu() {
        return unary(new ElementwiseOp.Silu());
    }

    /// x · tanh(softplus(x)).
    default Tensor mish() {
        return unary(new ElementwiseOp.Mish());
    }

    /// x · min(max(x + 3, 0), 6)/6.
    default Tensor hardswish() {
        return unary(new ElementwiseOp.Hardswish());
    }

    /// min(max(x + 3, 0), 6)/6.
    default Tensor hardsigmoid() {
        return unary(new ElementwiseOp.Hardsigmoid());
    }

    /// ln(1 + eˣ).
    default Tensor softplus() {
        return unary(new ElementwiseOp.Softplus(1));
    }

    /// Largest integer ≤ x; integer tensors as they are.
    default Tensor floor() {
        return rounding(new ElementwiseOp.Floor());
    }

    /// Smallest integer ≥ x; integer tensors as they are.
    default Tensor ceil() {
        return rounding(new ElementwiseOp.Ceil());
    }

    /// Nearest integer, ties to even; integer tensors as they are.
    default Tensor round() {
        return rounding(new ElementwiseOp.Round());
    }

    /// min(max(x, min), max).
    default Tensor clamp(double min, double max) {
        return unary(new ElementwiseOp.Clamp(min, max));
    }

    /// max(x, min).
    default Tensor clampMin(double min) {
        return clamp(min, Double.POSITIVE_INFINITY);
    }

    /// min(x, max).
    default Tensor clampMax(double max) {
        return clamp(Double.NEGATIVE_INFINITY, max);
    }

    /// x + other.
    default Tensor add(Tensor other) {
        return arithmetic(new ElementwiseOp.Add(), other);
    }

    /// x + value; integer tensors become `F32`.
    default Tensor add(double value) {
        return Engine.one(new ElementwiseOp.AddScalar(value), asFloating());
    }

    /// x + value; integer tensors stay integers.
    default Tensor add(long value) {
        return self().dtype().isFloating() ? add((double) value) : add(scalarLike(value));
    }

    /// x − other.
    default Tensor sub(Tensor other) {
        return arithmetic(new ElementwiseOp.Sub(), other);
    }

    /// x − value; integer tensors become `F32`.
    default Tensor sub(double value) {
        return add(-value);
    }

    /// x − value; integer tensors stay integers.
    default Tensor sub(long value) {
        return add(-value);
    }

    /// x · other.
    default Tensor mul(Tensor other) {
        return arithmetic(new ElementwiseOp.Mul(), other);
    }

    /// x · value; integer tensors become `F32`.
    default Tensor mul(double value) {
        return Engine.one(new ElementwiseOp.MulScalar(value), asFloating());
    }

    /// x · value; integer tensors stay integers.
    default Tensor mul(long value) {
        return self().dtype().isFloating() ? mul((double) value) : mul(scalarLike(value));
    }

    /// x / other; integers become `F32`.
    default Tensor div(Tensor other) {
        return floating(new ElementwiseOp.Div(), other);
    }

    /// x / value, correctly rounded; integers become `F32`.
    default Tensor div(double value) {
        Tensor x = asFloating();
        return x.div(Tensor.scalar(x.dtype(), value).to(x.device()));
    }

    /// xʸ; integers stay integers and wrap around, and a negative power of one is 0 unless x is ±1.
    default Tensor pow(Tensor other) {
        return arithmetic(new ElementwiseOp.Pow(), other);
    }

    /// x^exponent; integers become `F32`. The exponent 2 is [#square], which has a kernel.
    default Tensor pow(double exponent) {
        return exponent == 2 ? asFloating().square() : unary(new ElementwiseOp.PowScalar(exponent));
    }

    /// x^exponent; integer tensors stay integers.
    default Tensor pow(long exponent) {
        return self().dtype().isFloating() ? pow((double) exponent) : pow(scalarLike(exponent));
    }

    /// Element-wise larger one.
    default Tensor maximum(Tensor other) {
        return arithmetic(new ElementwiseOp.Maximum(), other);
    }

    /// Element-wise smaller one.
    default Tensor minimum(Tensor other) {
        return arithmetic(new ElementwiseOp.Minimum(), other);
    }

    /// Remainder with the sign of `other`.
    default Tensor remainder(Tensor other) {
        return arithmetic(new ElementwiseOp.Remainder(), other);
    }

    /// x = other.
    default Tensor eq(Tensor other) {
        return binary(new ElementwiseOp.Comparison(Relation.EQ), other);
    }

    /// x ≠ other.
    default Tensor ne(Tensor other) {
        return binary(new ElementwiseOp.Comparison(Relation.NE), other);
    }

    /// x < other.
    default Tensor lt(Tensor other) {
        return binary(new ElementwiseOp.Comparison(Relation.LT), other);
    }

    /// x ≤ other.
    default Tensor le(Tensor other) {
        return binary(new ElementwiseOp.Comparison(Relation.LE), other);
    }

    /// x > other.
    default Tensor gt(Tensor other) {
        return binary(new ElementwiseOp.Comparison(Relation.GT), other);
    }

    /// x ≥ other.
    default Tensor ge(Tensor other) {
        return binary(new ElementwiseOp.Comparison(Relation.GE), other);
    }

    /// A scalar to compare with: of this dtype if that holds the value exactly, else `F64`.
    private Tensor comparand(double value) {
        boolean exact = self().dtype().isFloating() || (value == Math.rint(value) && Math.abs(value) < 0x1.0p53);
        DType dtype = exact ? (self().dtype().isFloating() ? self().dtype() : DType.I64) : DType.F64;
        return Tensor.scalar(dtype, value).to(self().device());
    }

    /// x = value.
    default Tensor eq(double value) {
        return eq(comparand(value));
    }

    /// x ≠ value.
    default Tensor ne(double value) {
        return ne(comparand(value));
    }

    /// x < value.
    default Tensor lt(double value) {
        return lt(comparand(value));
    }

    /// x ≤ value.
    default Tensor le(double value) {
        return le(comparand(value));
    }

    /// x > value.
    default Tensor gt(double value) {
        return gt(comparand(value));
    }

    /// x ≥ value.
    default Tensor ge(double value) {
        return ge(comparand(value));
    }

    private Tensor logical(Connective connective, Tensor other) {
        return Engine.one(new ElementwiseOp.Logical(connective), self().to(DType.BOOL), other.to(DType.BOOL));
    }

    /// Both hold (`BOOL`); numbers hold where they are not 0.
    default Tensor logicalAnd(Tensor other) {
        return logical(Connective.AND, other);
    }

    /// At least one holds (`BOOL`); numbers hold where they are not 0.
    default Tensor logicalOr(Tensor other) {
        return logical(Connective.OR, other);
    }

    /// Exactly one holds (`BOOL`); numbers hold where they are not 0.
    default Tensor logicalXor(Tensor other) {
        return logical(Connective.XOR, other);
    }

    /// Does not hold (`BOOL`); numbers hold where they are not 0.
    default Tensor logicalNot() {
        return Engine.one(new ElementwiseOp.LogicalNot(), self().to(DType.BOOL));
    }

    /// Whether each element is NaN.
    default Tensor isNan() {
        return Engine.one(new ElementwiseOp.IsNan(), self());
    }

    /// Whether each element is neither NaN nor infinite.
    default Tensor isFinite() {
        return Engine.one(new ElementwiseOp.IsFinite(), self());
    }

    /// `value` where the `BOOL` mask holds; the two broadcast against each other.
    default Tensor maskedFill(Tensor mask, double value) {
        Shape common = Shape.broadcast("masked_fill", self().shape(), mask.shape());
        Tensor x = common.equals(self().shape()) ? self() : self().expand(common);
        return Engine.one(new ElementwiseOp.MaskedFill(value), x, mask);
    }
}
