package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// A 1 x 1, a (perhaps grouped) 3 x 3 and a 1 x 1 convolution with batch norms beside a shortcut (He et al.,
/// 2015, arXiv 1512.03385; with groups Xie et al., 2016, arXiv 1611.05431).
public final class Bottleneck extends ResidualBlock {
    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu1;
    private final Conv2d conv2;
    private final BatchNorm bn2;
    private final ReLU relu2;
    private final Conv2d conv3;
    private final BatchNorm bn3;
    private final @Nullable SqueezeExcite se;
    private final @Nullable Layer shortcut;
    private final Residual residual;
    private final ReLU relu3;

    /// Extents of a block.
    ///
    /// @param in     channels of the stream before
    /// @param inside channels between the convolutions
    /// @param out    channels of the stream after
    /// @param stride of the block
    /// @param early  whether the first convolution has the stride, or the second
    /// @param groups of the second
    record Sizes(int in, int inside, int out, int stride, boolean early, int groups) {}

    /// A block; `ratio` of squeeze-and-excitation is 0 for none.
    Bottleneck(Sizes sizes, Join join, int ratio, Residual residual, Rng rng) {
        int inside = sizes.inside;
        conv1 = child("conv1", Convolutions.of(sizes.in, inside, 1, sizes.early ? sizes.stride : 1, rng));
        bn1 = child("bn1", new BatchNorm(inside));
        relu1 = child("relu1", new ReLU());
        int stride = sizes.early ? 1 : sizes.stride;
        conv2 = child("conv2", Convolutions.of(inside, inside, 3, stride, sizes.groups, rng));
        bn2 = child("bn2", new BatchNorm(inside));
        relu2 = child("relu2", new ReLU());
        conv3 = child("conv3", Convolutions.of(inside, sizes.out, 1, 1, rng));
        bn3 = child("bn3", new BatchNorm(sizes.out));
        se = ratio == 0 ? null : child("se", new SqueezeExcite(sizes.out, ratio, rng));
        shortcut = join.layer() == null ? null : child(join.name(), join.layer().get());
        this.residual = child("residual", residual);
        relu3 = child("relu3", new ReLU());
    }

    @Override
    protected void pass(ResidualStream stream) {
        Branch branch = Branch.of(this::body).withAfter(relu3::call);
        if (shortcut != null) {
            branch = branch.withShortcut(shortcut::call);
        }
        residual.connect(stream, se == null ? branch.withJoined(this::joined) : branch);
    }

    private Tensor body(Tensor x) {
        Tensor y = bn3.call(convolved(x));
        return se == null ? y : se.call(y);
    }

    private Tensor convolved(Tensor x) {
        Tensor y = bn1.callRelu(conv1.call(x), relu1);
        return conv3.call(bn2.callRelu(conv2.call(y), relu2));
    }

    /// relu3(stream + scale ∘ body(x)) with the last norm, the scale, the sum and the ReLU in one op.
    private Tensor joined(Tensor x, Tensor stream, @Nullable Tensor scale) {
        return bn3.callAddRelu(convolved(x), stream, scale, relu3);
    }
}
