package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.UnaryVjp.fromInput;
import static dev.retort.autograd.vjp.UnaryVjp.fromOutput;
import static dev.retort.autograd.vjp.UnaryVjp.oneMinus;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;

/// Gradients of [ElementwiseOp.RareUnary]: dx = g · f′(x), as in [UnaryVjp].
final class RareVjp {
    private static final double LN_2 = 0.6931471805599453;
    private static final double LN_10 = 2.302585092994046;
    private static final double TWO_BY_ROOT_PI = 2 / Math.sqrt(Math.PI);

    private RareVjp() {}

    static Rule of(ElementwiseOp.RareUnary op) {
        return switch (op) {
            // f′ = 1 + y²
            case ElementwiseOp.Tan() ->
                fromOutput(op, (g, y) -> g.mul(y.square().add(1.0)));
            // f′ = 1/√((1 − x)(1 + x))
            case ElementwiseOp.Asin() -> fromInput(op, (g, x) -> g.mul(arcSlope(x)));
            // f′ = −1/√((1 − x)(1 + x))
            case ElementwiseOp.Acos() ->
                fromInput(op, (g, x) -> g.mul(arcSlope(x)).neg());
            // f′ = 1/(1 + x²)
            case ElementwiseOp.Atan() ->
                fromInput(op, (g, x) -> g.div(x.square().add(1.0)));
            // f′ = 1/(x ln 2)
            case ElementwiseOp.Log2() -> fromInput(op, (g, x) -> g.div(x.mul(LN_2)));
            // f′ = 1/(x ln 10)
            case ElementwiseOp.Log10() -> fromInput(op, (g, x) -> g.div(x.mul(LN_10)));
            // f′ = cosh x
            case ElementwiseOp.Sinh() -> fromInput(op, (g, x) -> g.mul(x.cosh()));
            // f′ = sinh x
            case ElementwiseOp.Cosh() -> fromInput(op, (g, x) -> g.mul(x.sinh()));
            // f′ = 1/√(1 + x²)
            case ElementwiseOp.Asinh() ->
                fromInput(op, (g, x) -> g.mul(x.square().add(1.0).rsqrt()));
            // f′ = 1/√((x − 1)(x + 1))
            case ElementwiseOp.Acosh() ->
                fromInput(op, (g, x) -> g.mul(x.sub(1.0).mul(x.add(1.0)).rsqrt()));
            // f′ = 1/((1 − x)(1 + x))
            case ElementwiseOp.Atanh() ->
                fromInput(op, (g, x) -> g.div(oneMinus(x).mul(x.add(1.0))));
            // f′ = y ln 2
            case ElementwiseOp.Exp2() -> fromOutput(op, (g, y) -> g.mul(y).mul(LN_2));
            // f′ = −2/√π · e^(−x²)
            case ElementwiseOp.Erfc() ->
                fromInput(op, (g, x) -> g.mul(x.square().neg().exp()).mul(-TWO_BY_ROOT_PI));
            // f′ = √π/2 · e^(y²)
            case ElementwiseOp.Erfinv() ->
                fromOutput(op, (g, y) -> g.mul(y.square().exp()).mul(1 / TWO_BY_ROOT_PI));
            // f′ = ψ(x)
            case ElementwiseOp.Lgamma() -> fromInput(op, (g, x) -> g.mul(x.digamma()));
            // f′ = ψ of the next order
            case ElementwiseOp.Polygamma(int order) -> fromInput(op, (g, x) -> g.mul(x.polygamma(order + 1)));
            // f′ = 1/(x(1 − x))
            case ElementwiseOp.Logit() -> fromInput(op, (g, x) -> g.div(x.mul(oneMinus(x))));
        };
    }

    private static Tensor arcSlope(Tensor x) {
        return oneMinus(x).mul(x.add(1.0)).rsqrt();
    }
}
