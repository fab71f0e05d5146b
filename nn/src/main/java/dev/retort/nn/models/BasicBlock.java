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

/// Two 3 x 3 convolutions with batch norms beside a shortcut (He et al., 2015, arXiv 1512.03385).
///
/// The two ReLUs are modules of their own, so that features can be tapped before (input of `relu2`) and
/// after them.
public final class BasicBlock extends ResidualBlock {
    private final Conv2d conv1;
    private final BatchNorm bn1;
    private final ReLU relu1;
    private final Conv2d conv2;
    private final BatchNorm bn2;
    private final @Nullable SqueezeExcite se;
    private final @Nullable Layer shortcut;
    private final Residual residual;
    private final ReLU relu2;

    /// A block.
    ///
    /// @param stride of the first convolution
    /// @param join   what brings the stream to the output's shape
    /// @param ratio  of squeeze-and-excitation, 0 for none
    BasicBlock(int in, int out, int stride, Join join, int ratio, Residual residual, Rng rng) {
        conv1 = child("conv1", Convolutions.of(in, out, 3, stride, rng));
        bn1 = child("bn1", new BatchNorm(out));
        relu1 = child("relu1", new ReLU());
        conv2 = child("conv2", Convolutions.of(out, out, 3, 1, rng));
        bn2 = child("bn2", new BatchNorm(out));
        se = ratio == 0 ? null : child("se", new SqueezeExcite(out, ratio, rng));
        shortcut = join.layer() == null ? null : child(join.name(), join.layer().get());
        this.residual = child("residual", residual);
        relu2 = child("relu2", new ReLU());
    }

    @Override
    protected void pass(ResidualStream stream) {
        Branch branch = Branch.of(this::body).withAfter(relu2::call);
        if (shortcut != null) {
            branch = branch.withShortcut(shortcut::call);
        }
        residual.connect(stream, se == null ? branch.withJoined(this::joined) : branch);
    }

    private Tensor body(Tensor x) {
        Tensor y = bn1.callRelu(conv1.call(x), relu1);
        y = bn2.call(conv2.call(y));
        return se == null ? y : se.call(y);
    }

    /// relu2(stream + scale ∘ body(x)) with the last norm, the scale, the sum and the ReLU in one op.
    private Tensor joined(Tensor x, Tensor stream, @Nullable Tensor scale) {
        return bn2.callAddRelu(conv2.call(bn1.callRelu(conv1.call(x), relu1)), stream, scale, relu2);
    }
}
