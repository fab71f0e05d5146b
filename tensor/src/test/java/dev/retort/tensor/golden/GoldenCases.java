package dev.retort.tensor.golden;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import dev.retort.tensor.op.ConvOp.Geometry;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.LossOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.PoolOp;
import dev.retort.tensor.op.PoolOp.Window;
import dev.retort.tensor.op.QuantOp;
import dev.retort.tensor.op.ResampleOp.Mode;
import dev.retort.tensor.op.ShapeOp.PadMode;
import dev.retort.tensor.op.UpdateOp;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;

/// Each golden case in terms of our tensors; the names and the order of the inputs are those of
/// `make_golden.py`.
final class GoldenCases {
    private static final double EPS = 1e-3;

    private final Map<String, Case> cases = new LinkedHashMap<>();

    private GoldenCases() {}

    /// Computes a case.
    @FunctionalInterface
    interface Case {
        Tensor of(Tensor... in);
    }

    static Map<String, Case> all() {
        GoldenCases g = new GoldenCases();
        g.elementwise();
        g.reductions();
        g.movement();
        g.products();
        g.convolutions();
        g.pools();
        g.resizes();
        g.norms();
        g.attention();
        g.losses();
        g.optimizers();
        return g.cases;
    }

    private static Case op(Op op) {
        return in -> Engine.run(op, in)[0];
    }

    private void elementwise() {
        cases.put("erf", x -> x[0].erf());
        cases.put("gelu", x -> x[0].gelu());
        cases.put("gelu_tanh", x -> x[0].geluTanh());
        cases.put("silu", x -> x[0].silu());
        cases.put("mish", x -> x[0].mish());
        cases.put("hardswish", x -> x[0].hardswish());
        cases.put("hardsigmoid", x -> x[0].hardsigmoid());
        cases.put("softplus", x -> x[0].softplus());
        cases.put("softplus_steep", op(new ElementwiseOp.Softplus(2.5)));
        cases.put("elu", x -> x[0].elu(0.7));
        cases.put("leaky_relu", x -> x[0].leakyRelu(0.1));
        cases.put("log_sigmoid", x -> x[0].logSigmoid());
        cases.put("expm1", x -> x[0].expm1());
        cases.put("log1p", x -> x[0].log1p());
        cases.put("remainder", x -> x[0].remainder(x[1]));
        cases.put("pow", x -> x[0].pow(x[1]));
        cases.put("clamp", x -> x[0].clamp(-1, 0.5));
    }

    private void reductions() {
        cases.put("var", x -> x[0].var(1, true, 0, 2));
        cases.put("var_biased", x -> x[0].var(0, false, 1));
        cases.put("std", x -> x[0].std(-1));
        cases.put("logsumexp", x -> x[0].logsumexp(0, 1));
        cases.put("norm3", x -> x[0].norm(3, false, 1));
        cases.put("norm_infinity", x -> x[0].norm(Double.POSITIVE_INFINITY, false, 1));
        cases.put("norm_of_zeros", x -> x[0].norm(1));
        cases.put("prod_with_zeros", x -> x[0].prod(1));
        cases.put("cumsum", x -> x[0].cumsum(1));
        cases.put("max_along", x -> x[0].max(1, false).values());
        cases.put("softmax", x -> x[0].softmax(1));
        cases.put("log_softmax", x -> x[0].logSoftmax(0));
        cases.put("sort", x -> x[0].sort(0, true).values());
        cases.put("topk", x -> x[0].topk(3, -1).values());
    }

    private void movement() {
        cases.put("pad_reflect", x -> x[0].pad(PadMode.REFLECT, 0, 2, 1, 1, 2));
        cases.put("pad_replicate", x -> x[0].pad(PadMode.REPLICATE, 0, 2, 1, 0, 3));
        cases.put("pad_crop", x -> x[0].pad(0.5, -1, 2, 1, -2));
        cases.put("roll", x -> x[0].roll(new int[] {1, -7}, new int[] {0, 1}));
        cases.put("repeat_interleave", x -> x[0].repeatInterleave(3, 1));
        cases.put("tril", x -> x[0].tril(-1));
        cases.put("gather", x -> x[0].gather(1, x[1]));
        cases.put("scatter_add", x -> x[0].scatterAdd(0, x[1], x[2]));
        cases.put("index_add", x -> x[0].indexAdd(1, x[1], x[2]));
        cases.put("embedding_padding", op(new IndexOp.Embedding(2)));
    }

    private void products() {
        cases.put("matmul_broadcast", x -> x[0].matmul(x[1]));
        cases.put("linear", x -> x[0].linear(x[1], x[2]));
        cases.put("einsum_attention", x -> Tensor.einsum("bhid,bhjd->bhij", x));
        cases.put("einsum_diagonal", x -> Tensor.einsum("iij,jk->ik", x));
        cases.put("cholesky", x -> x[0].cholesky());
        cases.put("triangular_solve", x -> x[0].tril(0).solveTriangular(x[1], false));
        cases.put("eigenvalues", x -> x[0].add(x[0].t()).mul(0.5).eigh().values());
        cases.put("singular_values", x -> x[0].svd().s());
    }

    private void convolutions() {
        cases.put("conv2d", x -> x[0].conv2d(x[1], x[2], Geometry.of(1, 1)));
        cases.put("conv2d_uneven", x -> x[0].conv2d(x[1], x[2], new Geometry(2, 3, 1, 2, 1, 2, 1)));
        cases.put("conv2d_groups_dilation", x -> x[0].conv2d(x[1], x[2], Geometry.of(2, 2, 2, 2)));
        cases.put("conv2d_depthwise", x -> x[0].conv2d(x[1], x[2], Geometry.of(2, 1, 1, 3)));
        cases.put("conv1d", x -> x[0].conv1d(x[1], x[2], 2, 3, 2, 2));
        cases.put("conv_transpose2d", x -> x[0].convTranspose2d(x[1], x[2], Geometry.of(3, 1, 2, 2), 2, 2));
    }

    private void pools() {
        Window ceil = new Window(3, 2, 2, 2, 1, 0, true);
        Window square = new Window(3, 3, 2, 2, 1, 1, true);
        cases.put("max_pool_ceil", x -> x[0].maxPool2d(ceil));
        cases.put("max_pool_padded", x -> x[0].maxPool2d(new Window(3, 3, 2, 1, 1, 1, false)));
        cases.put("avg_pool_ceil", x -> x[0].avgPool2d(ceil));
        cases.put("avg_pool_no_pad", op(new PoolOp.AvgPool2d(square, false)));
        cases.put("adaptive_avg_pool", x -> x[0].adaptiveAvgPool2d(3, 2));
        cases.put("adaptive_max_pool", x -> x[0].adaptiveMaxPool2d(4, 3));
    }

    private void resizes() {
        cases.put("nearest_up", x -> x[0].interpolate(7, 5, Mode.NEAREST, false));
        cases.put("nearest_down", x -> x[0].interpolate(2, 3, Mode.NEAREST, false));
        cases.put("bilinear_up", x -> x[0].interpolate(7, 5, Mode.BILINEAR, false));
        cases.put("bilinear_down", x -> x[0].interpolate(2, 3, Mode.BILINEAR, false));
        cases.put("bilinear_aligned", x -> x[0].interpolate(7, 3, Mode.BILINEAR, true));
    }

    private void norms() {
        cases.put("batch_norm", op(new NormOp.BatchNorm(EPS)));
        cases.put("batch_norm_eval", op(new NormOp.BatchNormEval(EPS)));
        cases.put("layer_norm", x -> x[0].layerNorm(x[1], x[2], EPS));
        cases.put("group_norm", x -> x[0].groupNorm(2, x[1], x[2], EPS));
        cases.put("instance_norm", x -> x[0].groupNorm(3, null, null, EPS));
    }

    private void attention() {
        cases.put("attention_mask", op(new AttentionOp.Attention(0.5, false, 0, 0, 0)));
        cases.put("attention_causal_grouped", op(new AttentionOp.Attention(0.5, true, 0, 0, 0)));
    }

    private void losses() {
        cases.put("cross_entropy", op(new LossOp.CrossEntropy(0, -100)));
        cases.put("cross_entropy_smooth", op(new LossOp.CrossEntropy(0.1, -100)));
        cases.put("cross_entropy_soft", op(new LossOp.SoftCrossEntropy()));
        cases.put("kl_div", op(new LossOp.KlDiv(false)));
        cases.put("kl_div_log", op(new LossOp.KlDiv(true)));
        cases.put("smooth_l1", op(new LossOp.SmoothL1(0.7)));
        cases.put("bce_with_logits", op(new LossOp.BceWithLogits()));
        cases.put(
                "fake_quantize",
                x -> Engine.one(
                        new QuantOp.FakeQuantize(-8, 7),
                        x[0],
                        Tensor.scalar(x[0].dtype(), 0.125),
                        Tensor.scalar(x[0].dtype(), 3)));
    }

    /// Inputs (w, gradient 1, 2, 3): w after three steps with `states` tensors of state, zero at first.
    private void steps(String name, int states, IntFunction<UpdateOp> step) {
        cases.put(name, in -> {
            Tensor[] others = new Tensor[1 + states];
            for (int s = 0; s < states; s++) {
                others[1 + s] = in[0].zerosLike();
            }
            for (int t = 1; t <= 3; t++) {
                others[0] = in[t];
                in[0].update(step.apply(t), others);
            }
            return in[0];
        });
    }

    private void optimizers() {
        steps("sgd", 1, t -> new UpdateOp.SgdStep(0.1, 0.9, 0, 0.01, true, t == 1));
        steps("sgd_dampening", 1, t -> new UpdateOp.SgdStep(0.1, 0.9, 0.3, 0, false, t == 1));
        steps("adam", 2, t -> new UpdateOp.AdamStep(0.1, 0.9, 0.999, 1e-8, 0.1, false, t));
        steps("adamw", 2, t -> new UpdateOp.AdamStep(0.1, 0.9, 0.999, 1e-8, 0.1, true, t));
        steps("rmsprop", 2, t -> new UpdateOp.RmsPropStep(0.1, 0.9, 1e-8, 0.1, 0.8));
        steps("adagrad", 1, t -> new UpdateOp.AdagradStep(0.1, 1e-10, 0.1));
    }
}
