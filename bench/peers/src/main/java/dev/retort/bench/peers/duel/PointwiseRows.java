package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.nn.loss.CrossEntropy;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.global.torch;

/// Work that memory bounds: element-wise, norms, softmax and the loss.
final class PointwiseRows {
    private static final int MILLIONS_16 = 1 << 24;
    private static final double EPS = 1e-5;

    private PointwiseRows() {}

    static List<Contest> all() {
        List<Contest> rows = new ArrayList<>();
        rows.add(
                unary("gelu tanh 16M", 1, new int[] {MILLIONS_16}, true, Tensor::geluTanh, x -> torch.gelu(x, "tanh")));
        rows.add(unary("relu 16M", 1, new int[] {MILLIONS_16}, false, Tensor::relu, torch::relu));
        rows.add(unary("exp 16M", 1, new int[] {MILLIONS_16}, false, Tensor::exp, torch::exp));
        rows.add(unary(
                "softmax 16384x1000",
                5,
                new int[] {16384, 1000},
                true,
                x -> x.softmax(1),
                x -> torch.softmax(x, 1, new ScalarTypeOptional())));
        rows.add(unary("row sum 16384x1000", 1, new int[] {16384, 1000}, false, x -> x.sum(1), x -> torch.sum(x, 1)));
        rows.add(add());
        rows.add(biasAdd());
        rows.add(gradient("gelu tanh forward+backward 4M", 1, x -> x.geluTanh(), x -> torch.gelu(x, "tanh")));
        rows.add(layerNorm(false));
        rows.add(layerNorm(true));
        rows.add(batchNorm(false, false));
        rows.add(batchNorm(true, false));
        rows.add(batchNorm(true, true));
        rows.add(crossEntropy(16384, 1000, true));
        rows.add(crossEntropy(512, 50257, false));
        rows.addAll(OptimizerRows.all());
        return rows;
    }

    private static Contest unary(
            String name,
            int flops,
            int[] shape,
            boolean quick,
            UnaryOperator<Tensor> ours,
            UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
        double count = 1;
        for (int extent : shape) {
            count *= extent;
        }
        return new Contest(name, flops * count, 8 * count, 1e-4, quick, () -> {
            Tensor x = Random.normal(new Rng(1), shape);
            org.bytedeco.pytorch.Tensor t = Torch.of(x);
            return new Contestants(
                    Sides.giving(() -> ours.apply(x)), List.of(Torch.side(Torch.NAME, () -> theirs.apply(t))));
        });
    }

    private static Contest gradient(
            String name, int flops, UnaryOperator<Tensor> ours, UnaryOperator<org.bytedeco.pytorch.Tensor> theirs) {
        int count = 1 << 22;
        return new Contest(name, 2.0 * flops * count, 20.0 * count, 1e-4, false, () -> {
            Rng rng = new Rng(1);
            Tensor x = Random.normal(rng, count).requiresGrad(true);
            Tensor g = Random.normal(rng, count);
            org.bytedeco.pytorch.Tensor t = Torch.of(x).set_requires_grad(true);
            org.bytedeco.pytorch.Tensor h = Torch.of(g);
            return new Contestants(
                    Sides.recorded(() -> ours.apply(x), g, List.of(x)),
                    List.of(Torch.recorded(Torch.NAME, () -> Torch.backward(theirs.apply(t), h), List.of(t))));
        });
    }

    private static Contest add() {
        return new Contest("add 16M", MILLIONS_16, 12.0 * MILLIONS_16, 1e-6, true, () -> {
            Rng rng = new Rng(1);
            Tensor x = Random.normal(rng, MILLIONS_16);
            Tensor y = Random.normal(rng, MILLIONS_16);
            org.bytedeco.pytorch.Tensor a = Torch.of(x);
            org.bytedeco.pytorch.Tensor b = Torch.of(y);
            return new Contestants(
                    Sides.giving(() -> x.add(y)), List.of(Torch.side(Torch.NAME, () -> torch.add(a, b))));
        });
    }

    private static Contest biasAdd() {
        return new Contest("bias add 16384x1000", 16.384e6, 8 * 16.384e6, 1e-6, false, () -> {
            Rng rng = new Rng(1);
            Tensor x = Random.normal(rng, 16384, 1000);
            Tensor y = Random.normal(rng, 1000);
            org.bytedeco.pytorch.Tensor a = Torch.of(x);
            org.bytedeco.pytorch.Tensor b = Torch.of(y);
            return new Contestants(
                    Sides.giving(() -> x.add(y)), List.of(Torch.side(Torch.NAME, () -> torch.add(a, b))));
        });
    }

    private static Contest layerNorm(boolean backward) {
        double count = 16384.0 * 768;
        String name = "layer norm 16384x768 " + (backward ? "forward+backward" : "forward");
        return new Contest(name, (backward ? 15 : 7) * count, (backward ? 20 : 8) * count, 1e-3, backward, () -> {
            Rng rng = new Rng(1);
            Tensor x = Random.normal(rng, 16384, 768).requiresGrad(backward);
            Tensor w = Random.normal(rng, 768).requiresGrad(backward);
            Tensor b = Random.normal(rng, 768).requiresGrad(backward);
            Tensor g = Random.normal(rng, 16384, 768);
            org.bytedeco.pytorch.Tensor tx = Torch.of(x).set_requires_grad(backward);
            org.bytedeco.pytorch.Tensor tw = Torch.of(w).set_requires_grad(backward);
            org.bytedeco.pytorch.Tensor tb = Torch.of(b).set_requires_grad(backward);
            org.bytedeco.pytorch.Tensor tg = Torch.of(g);
            UnaryOperator<Tensor> ours = in -> in.layerNorm(w, b, EPS);
            UnaryOperator<org.bytedeco.pytorch.Tensor> theirs =
                    in -> torch.layer_norm(in, new long[] {768}, Torch.some(tw), Torch.some(tb), EPS, false);
            if (!backward) {
                return new Contestants(
                        Sides.giving(() -> ours.apply(x)), List.of(Torch.side(Torch.NAME, () -> theirs.apply(tx))));
            }
            return new Contestants(
                    Sides.recorded(() -> ours.apply(x), g, List.of(x, w, b)),
                    List.of(Torch.recorded(
                            Torch.NAME, () -> Torch.backward(theirs.apply(tx), tg), List.of(tx, tw, tb))));
        });
    }

    /// Batch norm in training, with ReLU or without; with the running statistics left out on both
    /// sides.
    private static Contest batchNorm(boolean backward, boolean relu) {
        int[] shape = {16, 64, 56, 56};
        double count = 16.0 * 64 * 56 * 56;
        String name =
                "batch norm" + (relu ? " + relu" : "") + " 16x64x56x56 " + (backward ? "forward+backward" : "forward");
        return new Contest(
                name, (backward ? 15 : 7) * count, (backward ? 28 : 12) * count, 1e-3, backward && relu, () -> {
                    Rng rng = new Rng(1);
                    Tensor x = Random.normal(rng, shape).requiresGrad(backward);
                    Tensor w = Random.normal(rng, 64).requiresGrad(backward);
                    Tensor b = Random.normal(rng, 64).requiresGrad(backward);
                    Tensor g = Random.normal(rng, shape);
                    NormOp op = relu
                            ? new NormOp.BatchNormRelu(EPS)
                            : new NormOp.BatchNorm(EPS); // as layers in sequence run
                    UnaryOperator<Tensor> ours = in -> Engine.run(op, in, w, b)[0];
                    Side retort = backward
                            ? Sides.recorded(() -> ours.apply(x), g, List.of(x, w, b))
                            : Sides.giving(() -> ours.apply(x));
                    return new Contestants(
                            retort,
                            List.of(
                                    batchNormPeer(x, w, b, g, backward, relu, false),
                                    batchNormPeer(x, w, b, g, backward, relu, true)));
                });
    }

    private static Side batchNormPeer(
            Tensor x, Tensor w, Tensor b, Tensor g, boolean backward, boolean relu, boolean channelsLast) {
        org.bytedeco.pytorch.Tensor plain = Torch.of(x);
        org.bytedeco.pytorch.Tensor in = (channelsLast ? Torch.channelsLast(plain) : plain).set_requires_grad(backward);
        org.bytedeco.pytorch.Tensor weight = Torch.of(w).set_requires_grad(backward);
        org.bytedeco.pytorch.Tensor bias = Torch.of(b).set_requires_grad(backward);
        org.bytedeco.pytorch.Tensor gradient = channelsLast ? Torch.channelsLast(Torch.of(g)) : Torch.of(g);
        UnaryOperator<org.bytedeco.pytorch.Tensor> work = input -> {
            org.bytedeco.pytorch.Tensor y = torch.batch_norm(
                    input, Torch.some(weight), Torch.some(bias), Torch.none(), Torch.none(), true, 0.1, EPS, false);
            return relu ? torch.relu_(y) : y;
        };
        String name = channelsLast ? Torch.CHANNELS_LAST : Torch.NAME;
        return backward
                ? Torch.recorded(name, () -> Torch.backward(work.apply(in), gradient), List.of(in, weight, bias))
                : Torch.side(name, () -> work.apply(in));
    }

    private static Contest crossEntropy(int rows, int classes, boolean quick) {
        double count = (double) rows * classes;
        String name = "cross-entropy " + rows + "x" + classes + " forward+backward";
        return new Contest(name, 8 * count, 12 * count, 1e-4, quick, () -> {
            Rng rng = new Rng(1);
            Tensor x = Random.normal(rng, rows, classes).requiresGrad(true);
            long[] labels = new long[rows];
            for (int i = 0; i < rows; i++) {
                labels[i] = (i * 7919L) % classes;
            }
            Tensor target = Tensor.of(labels);
            org.bytedeco.pytorch.Tensor logits = Torch.of(x).set_requires_grad(true);
            org.bytedeco.pytorch.Tensor wanted = Torch.of(target);
            return new Contestants(
                    Sides.recorded(() -> CrossEntropy.defaults().of(x, target).mean(), null, List.of(x)),
                    List.of(Torch.recorded(
                            Torch.NAME,
                            () -> torch.cross_entropy_loss(logits, wanted).backward(),
                            List.of(logits))));
        });
    }
}
