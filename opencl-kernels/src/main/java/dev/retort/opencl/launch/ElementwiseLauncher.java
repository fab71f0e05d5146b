package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;
import java.util.Locale;

/// Launches `kernels/pointwise.cl` and `kernels/logic.cl`: [ElementwiseOp].
final class ElementwiseLauncher {
    private ElementwiseLauncher() {}

    /// A kernel of `pointwise.cl` with its two attributes.
    private record Call(String kernel, double p, double q) {
        Call(ElementwiseOp.Unary op) {
            this(op.name(), 0, 0);
        }

        Call(ElementwiseOp.Unary op, double p) {
            this(op.name(), p, 0);
        }
    }

    static Tensor[] run(Task t, ElementwiseOp op) {
        Tensor[] in = t.in();
        return switch (op) {
            case ElementwiseOp.Unary o -> Task.one(unary(t, o));
            case ElementwiseOp.Binary o -> Task.one(binary(t, o));
            case ElementwiseOp.Comparison(ElementwiseOp.Relation relation) ->
                logic(t, "compare_" + relation.name().toLowerCase(Locale.ROOT));
            case ElementwiseOp.Logical(ElementwiseOp.Connective connective) ->
                logic(t, "logical_" + connective.name().toLowerCase(Locale.ROOT));
            case ElementwiseOp.LogicalNot() -> logic(t, "logical_not");
            case ElementwiseOp.IsNan() -> logic(t, "is_nan");
            case ElementwiseOp.IsFinite() -> logic(t, "is_finite");
            case ElementwiseOp.Where() -> move(t, "choose", t.in());
            case ElementwiseOp.MaskedFill(double value) -> {
                Tensor y = t.result(0);
                Layout layout = Layout.of(op.name(), y.shape(), y, in[0], in[1]);
                t.each(
                        t.kernel("move", Types.bits(y.dtype()), "masked_fill")
                                .struct(layout.fields())
                                .buffer(y)
                                .buffer(in[0])
                                .buffer(in[1])
                                .number(bits(y.dtype(), value)),
                        layout.count());
                yield Task.one(y);
            }
            case ElementwiseOp.UnaryBackward(ElementwiseOp.Unary of) -> Task.one(unaryBackward(t, of));
            case ElementwiseOp.WeightedSum o -> t.composite(o); // becomes one kernel by fusion of the chain
            case ElementwiseOp.WeightedSumBackward o -> t.composite(o);
        };
    }

    /// The bits of `value` rounded to an element type.
    static long bits(DType dtype, double value) {
        HostStorage one = HostStorage.allocate(dtype, 1);
        one.setDouble(0, value);
        return switch (dtype) {
            case F32 -> Float.floatToRawIntBits(one.floats()[0]);
            case F64 -> Double.doubleToRawLongBits(one.doubles()[0]);
            case F16, BF16 -> one.shorts()[0];
            case I64 -> one.longs()[0];
            case I32 -> one.ints()[0];
            case I8, U8, BOOL -> one.bytes()[0];
        };
    }

    private static Tensor[] logic(Task t, String kernel) {
        return launched(t, t.kernel("logic", Types.of(t.in()[0].dtype()), kernel), t.in());
    }

    private static Tensor[] move(Task t, String kernel, Tensor... in) {
        return launched(t, t.kernel("move", Types.bits(t.out()[0].dtype()), kernel), in);
    }

    private static Tensor[] launched(Task t, Launch launch, Tensor... in) {
        Tensor y = t.result(0);
        Layout layout = layout(t, y, in);
        launch.struct(layout.fields()).buffer(y);
        for (Tensor x : in) {
            launch.buffer(x);
        }
        t.each(launch, layout.count());
        return Task.one(y);
    }

    private static Layout layout(Task t, Tensor y, Tensor... in) {
        Tensor[] windows = new Tensor[in.length + 1];
        windows[0] = y;
        System.arraycopy(in, 0, windows, 1, in.length);
        return Layout.of(t.op().name(), y.shape(), windows);
    }

    private static Tensor unary(Task t, ElementwiseOp.Unary op) {
        Call call = call(op);
        DType dtype = t.in()[0].dtype();
        boolean fraction = call.p != Math.rint(call.p);
        if (!dtype.isFloating() && fraction && !(op instanceof ElementwiseOp.Clamp)) {
            DType wide = t.device().limits().doubles() ? DType.F64 : DType.F32;
            return Engine.one(op, t.in()[0].to(wide)).to(dtype); // then truncated
        }
        if (Chain.takes(dtype)) {
            return Chain.of(t, "unary_" + call.kernel, call.p, call.q, t.in());
        }
        Tensor y = t.result(0);
        Layout layout = Layout.of(op.name(), y.shape(), y, t.in()[0]);
        Launch launch = t.kernel("pointwise", t.wide(layout, Types.of(dtype)), "unary_" + call.kernel)
                .struct(layout.fields())
                .buffer(y)
                .buffer(t.in()[0])
                .scalar(dtype, dtype.isFloating() ? call.p : Math.ceil(call.p))
                .scalar(dtype, dtype.isFloating() ? call.q : Math.floor(call.q));
        t.each(launch, layout);
        return y;
    }

    /// g · f′(x) with y = f(x); inputs (g, x, y).
    private static Tensor unaryBackward(Task t, ElementwiseOp.Unary of) {
        Call call = call(of);
        if (Chain.takes(t.out()[0].dtype())) {
            return Chain.of(t, "unary_" + call.kernel + "_backward", call.p, call.q, t.in());
        }
        Tensor d = t.result(0);
        Layout layout = layout(t, d, t.in());
        Launch launch = t.kernel("pointwise", t.wide(layout, Types.of(d.dtype())), "unary_" + call.kernel + "_backward")
                .struct(layout.fields())
                .buffer(d)
                .buffer(t.in()[0])
                .buffer(t.in()[1])
                .buffer(t.in()[2])
                .scalar(d.dtype(), call.p)
                .scalar(d.dtype(), call.q);
        t.each(launch, layout);
        return d;
    }

    private static Call call(ElementwiseOp.Unary op) {
        return switch (op) {
            case ElementwiseOp.Neg(), ElementwiseOp.Abs(), ElementwiseOp.Sign(), ElementwiseOp.Square() -> new Call(op);
            case ElementwiseOp.AddScalar(double value) -> new Call(op, value);
            case ElementwiseOp.MulScalar(double value) -> new Call(op, value);
            case ElementwiseOp.Clamp(double min, double max) -> new Call(op.name(), min, max);
            case ElementwiseOp.Relu(), ElementwiseOp.Exp(), ElementwiseOp.Expm1(), ElementwiseOp.Log() -> new Call(op);
            case ElementwiseOp.PowScalar(double exponent) -> new Call(op, exponent);
            case ElementwiseOp.Log1p(), ElementwiseOp.Sqrt(), ElementwiseOp.Rsqrt(), ElementwiseOp.Reciprocal() ->
                new Call(op);
            case ElementwiseOp.Sin(), ElementwiseOp.Cos(), ElementwiseOp.Tanh(), ElementwiseOp.Sigmoid() ->
                new Call(op);
            case ElementwiseOp.Polygamma(int order) -> new Call(op, order);
            case ElementwiseOp.RareUnary _ -> new Call(op);
            case ElementwiseOp.LogSigmoid(), ElementwiseOp.Erf() -> new Call(op);
            case ElementwiseOp.LeakyRelu(double slope) -> new Call(op, slope);
            case ElementwiseOp.Elu(double alpha) -> new Call(op, alpha);
            case ElementwiseOp.Gelu(boolean tanh) -> new Call(tanh ? "gelu_tanh" : "gelu", 0, 0);
            case ElementwiseOp.Silu(), ElementwiseOp.Mish(), ElementwiseOp.Hardswish() -> new Call(op);
            case ElementwiseOp.Hardsigmoid() -> new Call(op);
            case ElementwiseOp.Softplus(double beta) -> new Call(op, beta);
            case ElementwiseOp.Floor(), ElementwiseOp.Ceil(), ElementwiseOp.Round() -> new Call(op);
        };
    }

    private static Tensor binary(Task t, ElementwiseOp.Binary op) {
        DType dtype = t.out()[0].dtype();
        if (Chain.takes(dtype)) {
            return Chain.of(t, "binary_" + name(op), 0, 0, t.in());
        }
        Tensor y = t.result(0);
        Layout layout = layout(t, y, t.in());
        Launch launch = t.kernel("pointwise", t.wide(layout, Types.of(dtype)), "binary_" + name(op))
                .struct(layout.fields())
                .buffer(y)
                .buffer(t.in()[0])
                .buffer(t.in()[1]);
        if (op instanceof ElementwiseOp.RareBinary && !(op instanceof ElementwiseOp.Pow) && !dtype.isFloating()) {
            launch.faults(
                    (value, at) -> op.name() + ": expects integer divisors other than 0, got " + value + " and 0");
        }
        t.each(launch, layout);
        return y;
    }

    private static String name(ElementwiseOp.Binary op) {
        return switch (op) {
            case ElementwiseOp.Add(), ElementwiseOp.Sub(), ElementwiseOp.Mul(), ElementwiseOp.Div() -> op.name();
            case ElementwiseOp.Maximum(), ElementwiseOp.Minimum() -> op.name();
            case ElementwiseOp.RareBinary _ -> op.name();
        };
    }

    /// A window of `x` as `shape`, repeated where it has extent 1.
    static Tensor broadcast(Tensor x, Shape shape) {
        return x.shape().equals(shape) ? x : x.expand(shape.dims());
    }
}
