package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.cpu.simd.loops.ActivationGrads;
import dev.retort.tensor.cpu.simd.loops.ArithmeticGrads;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.op.ElementwiseOp;

/// Float32 loops of the gradients of unary ops.
final class FastUnaryBackward {
    private FastUnaryBackward() {}

    /// Whether [#run] knows the gradient of `op`; the others are rare, and the reference computes them.
    static boolean covers(ElementwiseOp.Unary op) {
        return !(op instanceof ElementwiseOp.PowScalar
                || op instanceof ElementwiseOp.Sign
                || !FastUnary.covers(op)
                || op instanceof ElementwiseOp.Sin
                || op instanceof ElementwiseOp.Cos
                || op instanceof ElementwiseOp.Erf
                || op instanceof ElementwiseOp.Floor
                || op instanceof ElementwiseOp.Ceil
                || op instanceof ElementwiseOp.Round);
    }

    /// `dx[dxo + i] = g[go + i] * op'(x[xo + i])` for i < n, where y = op(x).
    static void run(
            ElementwiseOp.Unary op,
            float[] g,
            int go,
            float[] x,
            int xo,
            float[] y,
            int yo,
            float[] dx,
            int dxo,
            int n) {
        switch (op) {
            case ElementwiseOp.Neg _ -> BinaryLoops.mul(g, go, -1f, dx, dxo, n);
            case ElementwiseOp.AddScalar _ -> System.arraycopy(g, go, dx, dxo, n);
            case ElementwiseOp.MulScalar o -> BinaryLoops.mul(g, go, (float) o.value(), dx, dxo, n);
            case ElementwiseOp.Abs _ -> ArithmeticGrads.abs(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Square _ -> ArithmeticGrads.square(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Clamp o ->
                ArithmeticGrads.clamp((float) o.min(), (float) o.max(), g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Relu _ -> ArithmeticGrads.relu(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.LeakyRelu o -> ArithmeticGrads.leakyRelu((float) o.slope(), g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Exp _ -> ArithmeticGrads.expOf(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.Expm1 _ -> ArithmeticGrads.expm1Of(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.Log _ -> ArithmeticGrads.log(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Log1p _ -> ArithmeticGrads.log1p(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Sqrt _ -> ArithmeticGrads.sqrtOf(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.Rsqrt _ -> ArithmeticGrads.rsqrtOf(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.Reciprocal _ -> ArithmeticGrads.reciprocalOf(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.Tanh _ -> ArithmeticGrads.tanhOf(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.Sigmoid _ -> ArithmeticGrads.sigmoidOf(g, go, y, yo, dx, dxo, n);
            case ElementwiseOp.LogSigmoid _ -> ActivationGrads.logSigmoid(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Elu o -> ActivationGrads.elu((float) o.alpha(), g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Gelu o -> {
                if (o.tanh()) {
                    ActivationGrads.geluTanh(g, go, x, xo, dx, dxo, n);
                } else {
                    ActivationGrads.gelu(g, go, x, xo, dx, dxo, n);
                }
            }
            case ElementwiseOp.Silu _ -> ActivationGrads.silu(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Mish _ -> ActivationGrads.mish(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Hardswish _ -> ArithmeticGrads.hardswish(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Hardsigmoid _ -> ArithmeticGrads.hardsigmoid(g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.Softplus o -> ActivationGrads.softplus((float) o.beta(), g, go, x, xo, dx, dxo, n);
            case ElementwiseOp.RareUnary _,
                    ElementwiseOp.PowScalar _,
                    ElementwiseOp.Sign _,
                    ElementwiseOp.Sin _,
                    ElementwiseOp.Cos _,
                    ElementwiseOp.Erf _,
                    ElementwiseOp.Floor _,
                    ElementwiseOp.Ceil _,
                    ElementwiseOp.Round _ -> throw new AssertionError(op.name());
        }
    }
}
