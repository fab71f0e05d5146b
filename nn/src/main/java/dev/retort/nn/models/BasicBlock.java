package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Identity;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.residual.Residual;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;

/// Two 3 x 3 convolutions with batch norms beside a shortcut (He et al., 2015, arXiv 1512.03385).
///
/// The two ReLUs are modules of their own, so that features can be tapped before (input of `relu2`) and
/// after them.
public final class BasicBlock extends Module {
    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu1;
    private final Conv2d conv2;
    private final BatchNorm bn2;
    private final Layer shortcut;
    private final Residual residual;
    private final ReLU relu2;

    /// A block from `in` to `out` channels whose first convolution has the given stride.
    BasicBlock(int in, int out, int stride, CifarResNet.Shortcut option, Residual residual, Rng rng) {
        conv1 = child("conv1", CifarResNet.conv(in, out, 3, stride, rng));
        bn1 = child("bn1", new BatchNorm(out));
        relu1 = child("relu1", new ReLU());
        conv2 = child("conv2", CifarResNet.conv(out, out, 3, 1, rng));
        bn2 = child("bn2", new BatchNorm(out));
        shortcut = child("shortcut", shortcut(in, out, stride, option, rng));
        this.residual = child("residual", residual);
        relu2 = child("relu2", new ReLU());
    }

    private static Layer shortcut(int in, int out, int stride, CifarResNet.Shortcut option, Rng rng) {
        if (stride == 1 && in == out) {
            return new Identity();
        }
        return switch (option) {
            case PADDED -> new PaddedShortcut(out, stride);
            case PROJECTION -> new Sequential(CifarResNet.conv(in, out, 1, stride, rng), new BatchNorm(out));
        };
    }

    boolean readsHistory() {
        return residual.readsHistory();
    }

    /// The next value of the stream `[N, C, H, W]`.
    ///
    /// @param history earlier values of the stream, `x` last; empty if no connection reads it
    public Tensor call(Tensor x, List<Tensor> history) {
        return run(in -> new Tensor[] {block(in[0], history)}, x)[0];
    }

    private Tensor block(Tensor x, List<Tensor> history) {
        Tensor y = relu1.call(bn1.call(conv1.call(x)));
        y = bn2.call(conv2.call(y));
        return relu2.call(residual.call(y, shortcut.call(x), history));
    }
}
