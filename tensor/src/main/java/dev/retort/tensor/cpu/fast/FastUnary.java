package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.cpu.simd.loops.Activations;
import dev.retort.tensor.cpu.simd.loops.ArithmeticLoops;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.UnaryLoops;
import dev.retort.tensor.op.ElementwiseOp;

/// Float32 loops of the unary ops.
final class FastUnary {
    private FastUnary() {}

    /// Whether [#run] knows the op; the others are rare, and the reference computes them.
    static boolean covers(ElementwiseOp.Unary op) {
        return !(op instanceof ElementwiseOp.PowScalar || op instanceof ElementwiseOp.RareUnary);
    }

    /// `y[yo + i] = op(x[xo + i])` for i < n.
    static void run(ElementwiseOp.Unary op, float[] x, int xo, float[] y, int yo, int n) {
        switch (op) {
            case ElementwiseOp.Neg _ -> ArithmeticLoops.neg(x, xo, y, yo, n);
            case ElementwiseOp.Abs _ -> ArithmeticLoops.abs(x, xo, y, yo, n);
            case ElementwiseOp.Sign _ -> sign(x, xo, y, yo, n);
            case ElementwiseOp.Square _ -> ArithmeticLoops.square(x, xo, y, yo, n);
            case ElementwiseOp.AddScalar o -> BinaryLoops.add(x, xo, (float) o.value(), y, yo, n);
            case ElementwiseOp.MulScalar o -> BinaryLoops.mul(x, xo, (float) o.value(), y, yo, n);
            case ElementwiseOp.Clamp o -> ArithmeticLoops.clamp((float) o.min(), (float) o.max(), x, xo, y, yo, n);
            case ElementwiseOp.Relu _ -> ArithmeticLoops.relu(x, xo, y, yo, n);
            case ElementwiseOp.Exp _ -> UnaryLoops.exp(x, xo, y, yo, n);
            case ElementwiseOp.Expm1 _ -> UnaryLoops.expm1(x, xo, y, yo, n);
            case ElementwiseOp.Log _ -> UnaryLoops.log(x, xo, y, yo, n);
            case ElementwiseOp.Log1p _ -> UnaryLoops.log1p(x, xo, y, yo, n);
            case ElementwiseOp.Sqrt _ -> ArithmeticLoops.sqrt(x, xo, y, yo, n);
            case ElementwiseOp.Rsqrt _ -> ArithmeticLoops.rsqrt(x, xo, y, yo, n);
            case ElementwiseOp.Reciprocal _ -> ArithmeticLoops.reciprocal(x, xo, y, yo, n);
            case ElementwiseOp.Sin _ -> UnaryLoops.sin(x, xo, y, yo, n);
            case ElementwiseOp.Cos _ -> UnaryLoops.cos(x, xo, y, yo, n);
            case ElementwiseOp.Tanh _ -> UnaryLoops.tanh(x, xo, y, yo, n);
            case ElementwiseOp.Sigmoid _ -> UnaryLoops.sigmoid(x, xo, y, yo, n);
            case ElementwiseOp.LogSigmoid _ -> Activations.logSigmoid(x, xo, y, yo, n);
            case ElementwiseOp.Erf _ -> UnaryLoops.erf(x, xo, y, yo, n);
            case ElementwiseOp.LeakyRelu o -> ArithmeticLoops.leakyRelu((float) o.slope(), x, xo, y, yo, n);
            case ElementwiseOp.Elu o -> Activations.elu((float) o.alpha(), x, xo, y, yo, n);
            case ElementwiseOp.Gelu o -> {
                if (o.tanh()) {
                    Activations.geluTanh(x, xo, y, yo, n);
                } else {
                    Activations.gelu(x, xo, y, yo, n);
                }
            }
            case ElementwiseOp.Silu _ -> Activations.silu(x, xo, y, yo, n);
            case ElementwiseOp.Mish _ -> Activations.mish(x, xo, y, yo, n);
            case ElementwiseOp.Hardswish _ -> ArithmeticLoops.hardswish(x, xo, y, yo, n);
            case ElementwiseOp.Hardsigmoid _ -> ArithmeticLoops.hardsigmoid(x, xo, y, yo, n);
            case ElementwiseOp.Softplus o -> Activations.softplus((float) o.beta(), x, xo, y, yo, n);
            case ElementwiseOp.Floor _ -> floor(x, xo, y, yo, n);
            case ElementwiseOp.Ceil _ -> ceil(x, xo, y, yo, n);
            case ElementwiseOp.Round _ -> round(x, xo, y, yo, n);
            case ElementwiseOp.RareUnary _, ElementwiseOp.PowScalar _ -> throw new AssertionError(op.name());
        }
    }

    private static void sign(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = Math.signum(x[xo + i]);
        }
    }

    private static void floor(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) Math.floor(x[xo + i]);
        }
    }

    private static void ceil(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) Math.ceil(x[xo + i]);
        }
    }

    private static void round(float[] x, int xo, float[] y, int yo, int n) {
        for (int i = 0; i < n; i++) {
            y[yo + i] = (float) Math.rint(x[xo + i]);
        }
    }
}
