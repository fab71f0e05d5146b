package dev.retort.nn.inference;

import static dev.retort.nn.inference.OnnxGraph.number;
import static dev.retort.nn.inference.OnnxGraph.real;
import static dev.retort.nn.inference.OnnxOps.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.op.ElementwiseOp;
import java.util.Map;

/// Element-wise ops as ONNX nodes.
final class OnnxElementwise {
    private final OnnxGraph graph;
    private final DType dtype;

    private OnnxElementwise(OnnxGraph graph, DType dtype) {
        this.graph = graph;
        this.dtype = dtype;
    }

    static String[] write(OnnxGraph graph, Step step, ElementwiseOp op) {
        int[] in = step.inputs();
        OnnxElementwise own = new OnnxElementwise(graph, graph.type(in[0]).dtype());
        String a = graph.name(in[0]);
        return one(
                switch (op) {
                    case ElementwiseOp.Erfinv _, ElementwiseOp.Lgamma _, ElementwiseOp.Polygamma _ ->
                        throw OnnxOps.unsupported(step);
                    case ElementwiseOp.Atan2 _ -> throw OnnxOps.unsupported(step);
                    case ElementwiseOp.Unary unary -> own.unary(unary, a);
                    case ElementwiseOp.Binary binary -> own.binary(binary, a, graph.name(in[1]));
                    case ElementwiseOp.Comparison comparison ->
                        own.comparison(comparison.relation(), a, graph.name(in[1]));
                    case ElementwiseOp.Logical logical -> own.logical(logical.connective(), a, graph.name(in[1]));
                    case ElementwiseOp.LogicalNot _ -> graph.add("Not", a);
                    case ElementwiseOp.IsNan _ -> graph.add("IsNaN", a);
                    case ElementwiseOp.IsFinite _ ->
                        graph.add("Not", graph.add("Or", graph.add("IsNaN", a), graph.add("IsInf", a)));
                    case ElementwiseOp.Where _ -> graph.add("Where", a, graph.name(in[1]), graph.name(in[2]));
                    case ElementwiseOp.MaskedFill fill ->
                        graph.add("Where", graph.name(in[1]), own.scalar(fill.value()), a);
                    case ElementwiseOp.WeightedSum _ -> own.weightedSum(in);
                    case ElementwiseOp.UnaryBackward _, ElementwiseOp.WeightedSumBackward _ ->
                        throw OnnxOps.unsupported(step);
                });
    }

    private String weightedSum(int[] in) {
        String sum = "";
        for (int i = 1; i < in.length; i++) {
            String weight = graph.add("Gather", graph.name(in[0]), graph.scalar(DType.I64, i - 1.0));
            String term = graph.add("Mul", graph.name(in[i]), weight);
            sum = i == 1 ? term : graph.add("Add", sum, term);
        }
        return sum;
    }

    private String scalar(double value) {
        return graph.scalar(dtype, value);
    }

    private String unary(ElementwiseOp.Unary op, String x) {
        return switch (op) {
            case ElementwiseOp.Neg _ -> graph.add("Neg", x);
            case ElementwiseOp.Abs _ -> graph.add("Abs", x);
            case ElementwiseOp.Sign _ -> graph.add("Sign", x);
            case ElementwiseOp.Square _ -> graph.add("Mul", x, x);
            case ElementwiseOp.AddScalar add -> graph.add("Add", x, scalar(add.value()));
            case ElementwiseOp.MulScalar mul -> graph.add("Mul", x, scalar(mul.value()));
            case ElementwiseOp.Clamp clamp -> clamp(clamp, x);
            case ElementwiseOp.PowScalar pow -> graph.add("Pow", x, scalar(pow.exponent()));
            case ElementwiseOp.Exp _ -> graph.add("Exp", x);
            case ElementwiseOp.Expm1 _ -> graph.add("Sub", graph.add("Exp", x), scalar(1));
            case ElementwiseOp.Log _ -> graph.add("Log", x);
            case ElementwiseOp.Log1p _ -> graph.add("Log", graph.add("Add", x, scalar(1)));
            case ElementwiseOp.Sqrt _ -> graph.add("Sqrt", x);
            case ElementwiseOp.Rsqrt _ -> graph.add("Reciprocal", graph.add("Sqrt", x));
            case ElementwiseOp.Reciprocal _ -> graph.add("Reciprocal", x);
            case ElementwiseOp.Sin _ -> graph.add("Sin", x);
            case ElementwiseOp.RareUnary rare -> rare(rare, x);
            case ElementwiseOp.Cos _ -> graph.add("Cos", x);
            case ElementwiseOp.Erf _ -> graph.add("Erf", x);
            case ElementwiseOp.Floor _ -> graph.add("Floor", x);
            case ElementwiseOp.Ceil _ -> graph.add("Ceil", x);
            case ElementwiseOp.Round _ -> graph.add("Round", x); // ties to even in both
            case ElementwiseOp.Relu _,
                    ElementwiseOp.Tanh _,
                    ElementwiseOp.Sigmoid _,
                    ElementwiseOp.LogSigmoid _,
                    ElementwiseOp.LeakyRelu _,
                    ElementwiseOp.Elu _,
                    ElementwiseOp.Gelu _,
                    ElementwiseOp.Silu _,
                    ElementwiseOp.Mish _,
                    ElementwiseOp.Hardswish _,
                    ElementwiseOp.Hardsigmoid _,
                    ElementwiseOp.Softplus _ -> activation(op, x);
        };
    }

    private String rare(ElementwiseOp.RareUnary op, String x) {
        return switch (op) {
            case ElementwiseOp.Tan _ -> graph.add("Tan", x);
            case ElementwiseOp.Asin _ -> graph.add("Asin", x);
            case ElementwiseOp.Acos _ -> graph.add("Acos", x);
            case ElementwiseOp.Atan _ -> graph.add("Atan", x);
            case ElementwiseOp.Sinh _ -> graph.add("Sinh", x);
            case ElementwiseOp.Cosh _ -> graph.add("Cosh", x);
            case ElementwiseOp.Asinh _ -> graph.add("Asinh", x);
            case ElementwiseOp.Acosh _ -> graph.add("Acosh", x);
            case ElementwiseOp.Atanh _ -> graph.add("Atanh", x);
            case ElementwiseOp.Exp2 _ -> graph.add("Pow", scalar(2), x);
            case ElementwiseOp.Erfc _ -> graph.add("Sub", scalar(1), graph.add("Erf", x));
            case ElementwiseOp.Logit _ -> graph.add("Log", graph.add("Div", x, graph.add("Sub", scalar(1), x)));
            case ElementwiseOp.Log2 _ -> graph.add("Mul", graph.add("Log", x), scalar(1 / Math.log(2)));
            case ElementwiseOp.Log10 _ -> graph.add("Mul", graph.add("Log", x), scalar(1 / Math.log(10)));
            case ElementwiseOp.Erfinv _, ElementwiseOp.Lgamma _, ElementwiseOp.Polygamma _ ->
                throw new IllegalStateException("onnx_export: " + op.name() + " has no form");
        };
    }

    private String activation(ElementwiseOp.Unary op, String x) {
        return switch (op) {
            case ElementwiseOp.Relu _ -> graph.add("Relu", x);
            case ElementwiseOp.Tanh _ -> graph.add("Tanh", x);
            case ElementwiseOp.Sigmoid _ -> graph.add("Sigmoid", x);
            case ElementwiseOp.LogSigmoid _ -> graph.add("Neg", graph.add("Softplus", graph.add("Neg", x)));
            case ElementwiseOp.LeakyRelu leaky -> graph.add("LeakyRelu", Map.of("alpha", real(leaky.slope())), x);
            case ElementwiseOp.Elu elu -> graph.add("Elu", Map.of("alpha", real(elu.alpha())), x);
            case ElementwiseOp.Gelu gelu -> gelu.tanh() ? geluTanh(x) : gelu(x);
            case ElementwiseOp.Silu _ -> graph.add("Mul", x, graph.add("Sigmoid", x));
            case ElementwiseOp.Mish _ -> graph.add("Mul", x, graph.add("Tanh", graph.add("Softplus", x)));
            case ElementwiseOp.Hardswish _ -> graph.add("HardSwish", x);
            case ElementwiseOp.Hardsigmoid _ ->
                graph.add("HardSigmoid", Map.of("alpha", real(1 / 6.0), "beta", real(0.5)), x);
            case ElementwiseOp.Softplus plus ->
                plus.beta() == 1
                        ? graph.add("Softplus", x)
                        : graph.add(
                                "Div",
                                graph.add("Softplus", graph.add("Mul", x, scalar(plus.beta()))),
                                scalar(plus.beta()));
            default -> throw new IllegalStateException("onnx_export: " + op.name() + " is no activation");
        };
    }

    private String clamp(ElementwiseOp.Clamp clamp, String x) {
        String low = clamp.min() == Double.NEGATIVE_INFINITY ? "" : scalar(clamp.min());
        return clamp.max() == Double.POSITIVE_INFINITY
                ? graph.add("Clip", x, low)
                : graph.add("Clip", x, low, scalar(clamp.max()));
    }

    /// x/2 · (1 + erf(x/√2)).
    private String gelu(String x) {
        String erf = graph.add("Erf", graph.add("Mul", x, scalar(Math.sqrt(0.5))));
        return graph.add("Mul", graph.add("Mul", x, scalar(0.5)), graph.add("Add", erf, scalar(1)));
    }

    /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³))).
    private String geluTanh(String x) {
        String square = graph.add("Mul", x, x);
        String factor = graph.add("Add", graph.add("Mul", square, scalar(0.044715)), scalar(1));
        String inner = graph.add("Mul", graph.add("Mul", x, factor), scalar(Math.sqrt(2 / Math.PI)));
        String tanh = graph.add("Tanh", inner);
        return graph.add("Mul", graph.add("Mul", x, scalar(0.5)), graph.add("Add", tanh, scalar(1)));
    }

    private String binary(ElementwiseOp.Binary op, String a, String b) {
        return switch (op) {
            case ElementwiseOp.Add _ -> graph.add("Add", a, b);
            case ElementwiseOp.Sub _ -> graph.add("Sub", a, b);
            case ElementwiseOp.Mul _ -> graph.add("Mul", a, b);
            case ElementwiseOp.Div _ -> graph.add("Div", a, b);
            case ElementwiseOp.Pow _ -> graph.add("Pow", a, b);
            case ElementwiseOp.Maximum _ -> graph.add("Max", a, b);
            case ElementwiseOp.Minimum _ -> graph.add("Min", a, b);
            case ElementwiseOp.Remainder _ ->
                dtype.isFloating()
                        ? graph.add("Sub", a, graph.add("Mul", b, graph.add("Floor", graph.add("Div", a, b))))
                        : graph.add("Mod", a, b);
            case ElementwiseOp.Fmod _ -> graph.add("Mod", Map.of("fmod", number(1)), a, b);
            case ElementwiseOp.FloorDivide _ ->
                dtype.isFloating()
                        ? graph.add("Floor", graph.add("Div", a, b))
                        : graph.add("Div", graph.add("Sub", a, graph.add("Mod", a, b)), b);
            case ElementwiseOp.Hypot _ ->
                graph.add("Sqrt", graph.add("Add", graph.add("Mul", a, a), graph.add("Mul", b, b)));
            case ElementwiseOp.Atan2 _ -> throw new IllegalStateException("onnx_export: atan2 has no form");
        };
    }

    private String comparison(ElementwiseOp.Relation relation, String a, String b) {
        return switch (relation) {
            case EQ -> graph.add("Equal", a, b);
            case NE -> graph.add("Not", graph.add("Equal", a, b));
            case LT -> graph.add("Less", a, b);
            case LE -> graph.add("LessOrEqual", a, b);
            case GT -> graph.add("Greater", a, b);
            case GE -> graph.add("GreaterOrEqual", a, b);
        };
    }

    private String logical(ElementwiseOp.Connective connective, String a, String b) {
        return switch (connective) {
            case AND -> graph.add("And", a, b);
            case OR -> graph.add("Or", a, b);
            case XOR -> graph.add("Xor", a, b);
        };
    }
}
