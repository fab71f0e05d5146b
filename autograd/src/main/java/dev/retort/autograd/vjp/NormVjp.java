package dev.retort.autograd.vjp;

import static dev.retort.autograd.vjp.Rule.wrt;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.Op;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Gradients of [NormOp]. With x̂ = (x − mean)·rstd, rstd = 1/√(var + eps), h = g·weight, and means over the
/// elements that share one statistic:
///
/// ```
/// batch, layer, group norm   dx = rstd · (h − mean(h) − x̂ · mean(h·x̂)),  dweight = Σ g·x̂,  dbias = Σ g
/// RMS norm, x̂ = x·rstd      dx = rstd · (h − x̂ · mean(h·x̂)),            dweight = Σ g·x̂
/// ```
///
/// Sums run over all places that one weight scales. The `…Backward` ops compute this in one kernel; where the
/// statistics have gradients too, or a graph is wanted, the composite is differentiated instead.
final class NormVjp {
    private NormVjp() {}

    static Rule of(NormOp op) {
        return switch (op) {
            case NormOp.BatchNorm o ->
                Rule.fused(o, Saved.outputs(1, 2), c -> statistics(c, new NormOp.BatchNormBackward(o.eps())));
            case NormOp.BatchNormRelu o -> Rule.fused(o, Saved.outputs(0, 1, 2), c -> rectified(c, o));
            case NormOp.LayerNorm o ->
                Rule.fused(o, Saved.outputs(1, 2), c -> statistics(c, new NormOp.LayerNormBackward(o.dims())));
            case NormOp.GroupNorm o ->
                Rule.fused(o, Saved.outputs(1, 2), c -> statistics(c, new NormOp.GroupNormBackward(o.groups())));
            case NormOp.RmsNorm o -> Rule.fused(o, Saved.outputs(1), c -> rms(c, o));
            case NormOp.BatchNormEval o -> evaluation(o);
            case NormOp.BatchNormBackward _,
                    NormOp.BatchNormReluBackward _,
                    NormOp.LayerNormBackward _,
                    NormOp.GroupNormBackward _,
                    NormOp.RmsNormBackward _ -> Rule.NONE;
        };
    }

    /// (g, x, mean, var or rstd[, weight]) → (dx, dweight, dbias).
    private static @Nullable Tensor[] statistics(VjpContext c, Op backward) {
        Tensor x = c.input(0);
        if (c.inputs() == 1) {
            return new Tensor[] {Engine.run(backward, c.g(), x, c.output(1), c.output(2))[0]};
        }
        return Engine.run(backward, c.g(), x, c.output(1), c.output(2), c.input(1));
    }

    /// (g, y, x, mean, var, weight[, bias]) → (dx, dweight, dbias[, djoined]).
    private static @Nullable Tensor[] rectified(VjpContext c, NormOp.BatchNormRelu op) {
        boolean joined = c.inputs() == 4 && c.needs(3);
        Tensor[] all = {c.g(), c.output(0), c.input(0), c.output(1), c.output(2), c.input(1), c.input(2)};
        Tensor[] wanted = Engine.run(
                new NormOp.BatchNormReluBackward(op.eps(), joined), c.inputs() == 3 ? all : Arrays.copyOf(all, 6));
        return Arrays.copyOf(wanted, c.inputs());
    }

    /// (g, x, rstd[, weight]) → (dx, dweight).
    private static @Nullable Tensor[] rms(VjpContext c, NormOp.RmsNorm op) {
        NormOp.RmsNormBackward backward = new NormOp.RmsNormBackward(op.dims());
        if (c.inputs() == 1) {
            return new Tensor[] {Engine.run(backward, c.g(), c.input(0), c.output(1))[0]};
        }
        return Engine.run(backward, c.g(), c.input(0), c.output(1), c.input(1));
    }

    /// y = (x − m)·r·w + b per channel, r = (v + eps)^(−½). With S = sum over all dimensions but the
    /// channel: dx = g·r·w, dm = −S(g)·r·w, dv = −½·S(g·(x − m))·r³·w, dw = S(g·(x − m))·r, db = S(g).
    private static Rule evaluation(NormOp.BatchNormEval op) {
        return Rule.of(
                wrt(0, Saved.inputs(2, 3), c -> c.g().mul(channel(c, weighted(c, op, rstd(c, op))))),
                wrt(
                        1,
                        Saved.inputs(2, 3),
                        c -> weighted(c, op, rstd(c, op).mul(channelSum(c.g()))).neg()),
                wrt(
                        2,
                        Saved.inputs(0, 1, 2, 3),
                        c -> weighted(c, op, centredSum(c).mul(rstd(c, op).pow(3.0)))
                                .mul(-0.5)),
                wrt(3, Saved.inputs(0, 1, 2), c -> centredSum(c).mul(rstd(c, op))),
                wrt(4, Saved.NOTHING, c -> channelSum(c.g())));
    }

    private static Tensor rstd(VjpContext c, NormOp.BatchNormEval op) {
        return c.input(2).add(op.eps()).rsqrt();
    }

    /// Times the weight, if there is one.
    private static Tensor weighted(VjpContext c, NormOp.BatchNormEval op, Tensor x) {
        return c.inputs() == 5 ? x.mul(c.input(3)) : x;
    }

    private static Tensor centredSum(VjpContext c) {
        return channelSum(c.g().mul(c.input(0).sub(channel(c, c.input(1)))));
    }

    /// `[C]` as `[C, 1, …, 1]`.
    private static Tensor channel(VjpContext c, Tensor vector) {
        int[] dims = new int[c.shape(0).rank() - 1];
        Arrays.fill(dims, 1);
        dims[0] = vector.numel();
        return vector.reshape(dims);
    }

    private static Tensor channelSum(Tensor x) {
        int[] dims = new int[x.rank() - 1];
        for (int i = 1; i < dims.length; i++) {
            dims[i] = i + 1;
        }
        return x.sum(false, dims);
    }
}
