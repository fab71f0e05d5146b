package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;

/// Gradients of the unary [ElementwiseOp]s: dx = g · f′(x).
///
/// Without a graph the one-pass kernel [ElementwiseOp.UnaryBackward] runs; the formulas here are
/// differentiable.
final class UnaryVjp {
    private static final double TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);
    private static final double ROOT_TWO_BY_PI = Math.sqrt(2 / Math.PI);
    private static final double ROOT_HALF = Math.sqrt(0.5);
    private static final double INV_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);
    private static final double GELU_CUBE = 0.044715;

    private UnaryVjp() {}

    /// dx from g and the input x, or from g and the output y.
    @FunctionalInterface
    interface Formula {
        Tensor dx(Tensor g, Tensor xOrY);
    }

    static Rule of(ElementwiseOp.Unary op) {
        return switch (op) {
            // f′ = −1
            case ElementwiseOp.Neg() -> Rule.linear(c -> c.g().neg());
            // f′ = 1
            case ElementwiseOp.AddScalar(double _) -> Rule.linear(c -> c.g());
            // f′ = value
            case ElementwiseOp.MulScalar(double value) -> Rule.linear(c -> c.g().mul(value));
            // f′ = 0: piecewise constant
            case ElementwiseOp.Sign(), ElementwiseOp.Floor(), ElementwiseOp.Ceil(), ElementwiseOp.Round() ->
                Rule.linear(c -> c.zerosOf(0));
            // f′ = sign x
            case ElementwiseOp.Abs() -> fromInput(op, (g, x) -> g.mul(x.sign()));
            // f′ = 2x
            case ElementwiseOp.Square() -> fromInput(op, (g, x) -> g.mul(x).mul(2.0));
            // f′ = 1 in [min, max], else 0
            case ElementwiseOp.Clamp(double min, double max) ->
                fromInput(op, (g, x) -> where(x.ge(min).logicalAnd(x.le(max)), g, 0));
            // f′ = 1 where x > 0, that is y > 0, else 0
            case ElementwiseOp.Relu() -> fromOutput(op, (g, y) -> where(y.gt(0), g, 0));
            // f′ = p · x^(p − 1), 0 for p = 0
            case ElementwiseOp.PowScalar(double p) ->
                p == 0
                        ? Rule.linear(c -> c.zerosOf(0))
                        : fromInput(op, (g, x) -> g.mul(x.pow(p - 1)).mul(p));
            // f′ = y
            case ElementwiseOp.Exp() -> fromOutput(op, Tensor::mul);
            // f′ = y + 1
            case ElementwiseOp.Expm1() -> fromOutput(op, (g, y) -> g.mul(y.add(1.0)));
            // f′ = 1/x
            case ElementwiseOp.Log() -> fromInput(op, Tensor::div);
            // f′ = 1/(1 + x)
            case ElementwiseOp.Log1p() -> fromInput(op, (g, x) -> g.div(x.add(1.0)));
            // f′ = 1/(2y)
            case ElementwiseOp.Sqrt() -> fromOutput(op, (g, y) -> g.div(y.mul(2.0)));
            // f′ = −y³/2
            case ElementwiseOp.Rsqrt() ->
                fromOutput(op, (g, y) -> g.mul(y.pow(3.0)).mul(-0.5));
            // f′ = −y²
            case ElementwiseOp.Reciprocal() ->
                fromOutput(op, (g, y) -> g.mul(y.square()).neg());
            // f′ = cos x
            case ElementwiseOp.Sin() -> fromInput(op, (g, x) -> g.mul(x.cos()));
            // f′ = −sin x
            case ElementwiseOp.Cos() -> fromInput(op, (g, x) -> g.mul(x.sin()).neg());
            case ElementwiseOp.RareUnary rare -> RareVjp.of(rare);
            // f′ = 1 − y²
            case ElementwiseOp.Tanh() -> fromOutput(op, (g, y) -> g.mul(oneMinus(y.square())));
            // f′ = y · (1 − y)
            case ElementwiseOp.Sigmoid() -> fromOutput(op, (g, y) -> g.mul(y).mul(oneMinus(y)));
            // f′ = σ(−x)
            case ElementwiseOp.LogSigmoid() ->
                fromInput(op, (g, x) -> g.mul(x.neg().sigmoid()));
            // f′ = 2/√π · e^(−x²)
            case ElementwiseOp.Erf() ->
                fromInput(op, (g, x) -> g.mul(x.square().neg().exp()).mul(TWO_BY_ROOT_PI));
            // f′ = 1 where x > 0, else slope
            case ElementwiseOp.LeakyRelu(double slope) ->
                fromInput(op, (g, x) -> Tensor.where(x.gt(0), g, g.mul(slope)));
            // f′ = 1 where x > 0, else alpha · eˣ = y + alpha
            case ElementwiseOp.Elu(double alpha) -> elu(op, alpha);
            // f′ = Φ(x) + x · φ(x), or the derivative of the tanh form
            case ElementwiseOp.Gelu(boolean tanh) ->
                fromInput(op, (g, x) -> g.mul(tanh ? geluTanhSlope(x) : geluSlope(x)));
            // f′ = σ · (1 + x · (1 − σ))
            case ElementwiseOp.Silu() -> fromInput(op, UnaryVjp::silu);
            // f′ = t + x · (1 − t²) · σ(x), t = tanh(softplus x)
            case ElementwiseOp.Mish() -> fromInput(op, UnaryVjp::mish);
            // f′ = 0 below −3, 1 above 3, x/3 + ½ between
            case ElementwiseOp.Hardswish() ->
                fromInput(
                        op,
                        (g, x) -> where(
                                x.ge(-3),
                                Tensor.where(x.gt(3), g, g.mul(x.div(3.0).add(0.5))),
                                0));
            // f′ = 1/6 in (−3, 3), else 0
            case ElementwiseOp.Hardsigmoid() ->
                fromInput(op, (g, x) -> where(x.gt(-3).logicalAnd(x.lt(3)), g.div(6.0), 0));
            // f′ = σ(beta · x), 1 where beta · x > 20
            case ElementwiseOp.Softplus(double beta) ->
                fromInput(
                        op,
                        (g, x) -> Tensor.where(
                                x.mul(beta).gt(20), g, g.mul(x.mul(beta).sigmoid())));
        };
    }

    /// The kernel gets x in the place of y too: it does not read y for these ops.
    static Rule fromInput(ElementwiseOp.Unary op, Formula formula) {
        return Rule.of(wrt(
                0,
                Saved.inputs(0),
                c -> c.createGraph() ? formula.dx(c.g(), c.input(0)) : fast(op, c.g(), c.input(0), c.input(0))));
    }

    /// The kernel gets y in the place of x too: it does not read x for these ops (relu reads its sign,
    /// which y has).
    static Rule fromOutput(ElementwiseOp.Unary op, Formula formula) {
        return Rule.of(wrt(
                0,
                Saved.outputs(0),
                c -> c.createGraph() ? formula.dx(c.g(), c.output(0)) : fast(op, c.g(), c.output(0), c.output(0))));
    }

    private static Tensor fast(ElementwiseOp.Unary op, Tensor g, Tensor x, Tensor y) {
        return Engine.one(new ElementwiseOp.UnaryBackward(op), g, x, y);
    }

    /// `value` where the condition holds, `other` elsewhere: not a product, so that 0 · ∞ gives no NaN.
    private static Tensor where(Tensor condition, Tensor value, double other) {
        return value.maskedFill(condition.logicalNot(), other);
    }

    static Tensor oneMinus(Tensor x) {
        return x.neg().add(1.0);
    }

    /// Where x > 0 the exponential is not used; the clamp keeps it from overflowing there.
    private static Rule elu(ElementwiseOp.Unary op, double alpha) {
        return Rule.of(wrt(0, Saved.inputs(0).and(Saved.outputs(0)), c -> {
            Tensor x = c.input(0);
            return c.createGraph()
                    ? Tensor.where(
                            x.gt(0), c.g(), c.g().mul(x.clampMax(0).exp()).mul(alpha))
                    : fast(op, c.g(), x, c.output(0));
        }));
    }

    private static Tensor geluSlope(Tensor x) {
        Tensor cdf = x.mul(ROOT_HALF).erf().add(1.0).mul(0.5);
        Tensor density = x.square().mul(-0.5).exp().mul(INV_ROOT_TWO_PI);
        return cdf.add(x.mul(density));
    }

    /// y = ½ x (1 + t), t = tanh u, u = √(2/π) (x + 0.044715 x³): y′ = ½ (1 + t) + ½ x (1 − t²) u′.
    private static Tensor geluTanhSlope(Tensor x) {
        Tensor square = x.square();
        Tensor t = x.mul(square.mul(GELU_CUBE).add(1.0)).mul(ROOT_TWO_BY_PI).tanh();
        Tensor slope = square.mul(3 * GELU_CUBE).add(1.0).mul(ROOT_TWO_BY_PI);
        return t.add(1.0).add(x.mul(oneMinus(t.square())).mul(slope)).mul(0.5);
    }

    private static Tensor silu(Tensor g, Tensor x) {
        Tensor s = x.sigmoid();
        return g.mul(s).mul(x.mul(oneMinus(s)).add(1.0));
    }

    private static Tensor mish(Tensor g, Tensor x) {
        Tensor t = x.softplus().tanh();
        return g.mul(t.add(x.mul(oneMinus(t.square())).mul(x.sigmoid())));
    }
}
