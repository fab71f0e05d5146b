package dev.retort.nn.models;

import dev.retort.nn.layer.Sequential;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualStream;
import org.jspecify.annotations.Nullable;

/// Wide inside, narrow outside: a 1 x 1 convolution up, a depthwise 3 x 3, and a linear 1 x 1 down, with a
/// connection where the shape stays (Sandler et al., 2018, arXiv 1801.04381).
final class InvertedResidual extends ResidualBlock {
    private final Sequential conv;
    private final @Nullable Residual residual;

    /// A block around `conv`; no connection where the shape changes.
    InvertedResidual(Sequential conv, @Nullable Residual residual) {
        this.conv = child("conv", conv);
        this.residual = residual == null ? null : child("residual", residual);
    }

    @Override
    protected void pass(ResidualStream stream) {
        if (residual == null) {
            stream.map(conv::call);
        } else {
            residual.connect(stream, Branch.of(conv::call));
        }
    }
}
