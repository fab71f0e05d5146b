package dev.retort.autograd.golden;

import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.LinearAlgebraMethods;
import dev.retort.tensor.ReductionMethods;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.PoolOp.Window;
import dev.retort.tensor.op.QuantOp;
import dev.retort.tensor.op.ResampleOp;
import dev.retort.tensor.op.ResampleOp.Mode;
import dev.retort.tensor.op.ShapeOp.PadMode;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/// The same computations as in `make_golden.py`, by name.
final class GoldenCases {
    private GoldenCases() {}

    /// Several tensors to several tensors.
    @FunctionalInterface
    interface Function {
        Tensor[] of(Tensor[] in);
    }

    static Map<String, Function> all() {
        Map<String, Function> cases = new TreeMap<>();
        maps(cases);
        norms(cases);
        losses(cases);
        elementwise(cases);
        reductions(cases);
        indexing(cases);
        algebra(cases);
        conversions(cases);
        return cases;
    }

    private static Tensor[] one(Tensor result) {
        return new Tensor[] {result};
    }

    private static Function op(Op op) {
        return in -> Engine.run(op, in);
    }

    /// The first result only.
    private static Function first(Op op) {
        return in -> one(Engine.run(op, in)[0]);
    }

    private static Function unary(UnaryOperator<Tensor> f) {
        return in -> one(f.apply(in[0]));
    }

    private static void maps(Map<String, Function> cases) {
        cases.put("conv2d", op(new ConvOp.Conv2d(new ConvOp.Geometry(2, 1, 1, 2, 2, 1, 2))));
        cases.put("conv1d", in -> one(in[0].conv1d(in[1], null, 2, 3, 2, 1)));
        ConvOp.Geometry transposed = new ConvOp.Geometry(2, 3, 1, 0, 1, 1, 2);
        cases.put("conv_transpose2d", in -> one(in[0].convTranspose2d(in[1], in[2], transposed, 1, 2)));
        Window window = new Window(3, 2, 2, 3, 1, 1, true);
        cases.put("max_pool2d", first(new PoolOp.MaxPool2d(window)));
        cases.put("max_pool2d_nan", op(new PoolOp.MaxPool2d(Window.of(3, 2, 1))));
        cases.put("avg_pool2d_true", op(new PoolOp.AvgPool2d(window, true)));
        cases.put("avg_pool2d_false", op(new PoolOp.AvgPool2d(window, false)));
        cases.put("adaptive_avg_pool2d", op(new PoolOp.AdaptiveAvgPool2d(3, 8)));
        cases.put("adaptive_max_pool2d", first(new PoolOp.AdaptiveMaxPool2d(3, 4)));
        cases.put("nearest", op(new ResampleOp.Interpolate(7, 3, Mode.NEAREST, false)));
        cases.put("bilinear", op(new ResampleOp.Interpolate(7, 3, Mode.BILINEAR, false)));
        cases.put("bilinear_corners", op(new ResampleOp.Interpolate(7, 1, Mode.BILINEAR, true)));
    }

    private static void norms(Map<String, Function> cases) {
        cases.put("batch_norm", first(new NormOp.BatchNorm(1e-3)));
        cases.put("batch_norm_eval", op(new NormOp.BatchNormEval(1e-3)));
        cases.put("group_norm", first(new NormOp.GroupNorm(2, 1e-3)));
        cases.put("layer_norm", first(new NormOp.LayerNorm(2, 1e-3)));
        cases.put("attention", op(new AttentionOp.Attention(0.5, false, 0, 0, 0)));
    }

    private static void losses(Map<String, Function> cases) {
        cases.put("cross_entropy", first(new LossOp.CrossEntropy(0.2, -100)));
        cases.put("cross_entropy_soft", first(new LossOp.SoftCrossEntropy()));
        cases.put("kl_div", op(new LossOp.KlDiv(false)));
        cases.put("kl_div_log", op(new LossOp.KlDiv(true)));
        cases.put("smooth_l1", op(new LossOp.SmoothL1(0.5)));
        cases.put("l1", op(new LossOp.L1()));
        cases.put("bce", op(new LossOp.BceWithLogits()));
    }

    private static void elementwise(Map<String, Function> cases) {
        cases.put("relu", unary(Tensor::relu));
        cases.put("leaky_relu", unary(x -> x.leakyRelu(0.1)));
        cases.put("elu", unary(x -> x.elu(1.5)));
        cases.put("abs", unary(Tensor::abs));
        cases.put("clamp", unary(x -> x.clamp(-1, 1.5)));
        cases.put("sign", unary(Tensor::sign));
        cases.put("round", unary(Tensor::round));
        cases.put("softplus", op(new ElementwiseOp.Softplus(2)));
        cases.put("logsigmoid", unary(Tensor::logSigmoid));
        cases.put("erf", unary(Tensor::erf));
        cases.put("gelu", unary(Tensor::gelu));
        cases.put("gelu_tanh", unary(Tensor::geluTanh));
        cases.put("silu", unary(Tensor::silu));
        cases.put("mish", unary(Tensor::mish));
        cases.put("hardswish", unary(Tensor::hardswish));
        cases.put("hardsigmoid", unary(Tensor::hardsigmoid));
        cases.put("remainder", in -> one(in[0].remainder(in[1])));
        cases.put("maximum", in -> one(in[0].maximum(in[1])));
        cases.put("pow", in -> one(in[0].abs().pow(in[1])));
        cases.put("pow_scalar", unary(x -> x.pow(3)));
    }

    private static void reductions(Map<String, Function> cases) {
        cases.put("amax", unary(x -> x.amax(0, 1)));
        cases.put("amin_dim", unary(x -> x.amin(1)));
        cases.put("max", in -> pair(in[0].max(1, false)));
        cases.put("argmax_nan", unary(x -> x.argmax(1)));
        cases.put("prod", unary(x -> x.prod(1)));
        cases.put("var", unary(x -> x.var(1, false, 0, 2)));
        cases.put("logsumexp", unary(x -> x.logsumexp(1)));
        for (double p : new double[] {0, 1, 2, 3}) {
            cases.put("norm_" + (int) p, unary(x -> x.norm(p, false, 1)));
        }
        cases.put("norm_inf", unary(x -> x.norm(Double.POSITIVE_INFINITY, false, 1)));
        cases.put("norm_zero", unary(x -> x.norm(2, false, 0)));
        cases.put("cumsum", unary(x -> x.cumsum(1)));
        cases.put("sort", in -> pair(in[0].sort(0, false)));
        cases.put("sort_descending", in -> pair(in[0].sort(0, true)));
        cases.put("topk", in -> pair(in[0].topk(2, 1)));
    }

    private static Tensor[] pair(ReductionMethods.ValuesIndices found) {
        return new Tensor[] {found.values(), found.indices()};
    }

    private static void indexing(Map<String, Function> cases) {
        cases.put("gather", in -> one(in[0].gather(1, in[1])));
        cases.put("scatter_add", in -> one(in[0].scatterAdd(0, in[1], in[2])));
        cases.put("index_add", in -> one(in[0].indexAdd(1, in[1], in[2])));
        cases.put("embedding", in -> Engine.run(new IndexOp.Embedding(1), in[1], in[0]));
        cases.put("pad_reflect", unary(x -> x.pad(PadMode.REFLECT, 0, 2, 3, 1, 1)));
        cases.put("pad_replicate", unary(x -> x.pad(PadMode.REPLICATE, 0, 2, 0, 0, 3)));
        cases.put("pad_crop", unary(x -> x.pad(7, -1, 2, 1, -2)));
        cases.put("roll", unary(x -> x.roll(new int[] {1, -5}, new int[] {0, 1})));
        cases.put("tril", unary(x -> x.tril(1)));
    }

    private static void algebra(Map<String, Function> cases) {
        cases.put("cholesky", unary(a -> symmetric(a).cholesky()));
        cases.put("solve_triangular", in -> one(in[0].solveTriangular(in[1], true)));
        cases.put("eigvalsh", unary(a -> symmetric(a).eigh().values()));
        cases.put("svdvals", in -> {
            LinearAlgebraMethods.SingularValues svd = in[0].svd();
            return one(svd.s());
        });
        cases.put("einsum", in -> one(Tensor.einsum("bij,jbk->kib", in[0], in[1])));
    }

    private static Tensor symmetric(Tensor a) {
        return a.add(a.transpose(-2, -1)).div(2);
    }

    private static void conversions(Map<String, Function> cases) {
        cases.put("to_half", unary(x -> x.to(DType.F16)));
        cases.put("to_bfloat16", unary(x -> x.to(DType.BF16)));
        cases.put("to_int", unary(x -> x.to(DType.I32)));
        cases.put("to_bool", unary(x -> x.to(DType.BOOL)));
        cases.put(
                "fake_quantize",
                unary(x -> Engine.one(
                                new QuantOp.FakeQuantize(0, 15),
                                x.to(DType.F32),
                                Tensor.scalar(DType.F32, 0.1),
                                Tensor.scalar(DType.F32, 3))
                        .to(DType.F64)));
    }
}
