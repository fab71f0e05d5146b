package dev.retort.nn.models;

import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.residual.Branch;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Norm, ReLU and convolution, two or three times, beside an untouched stream (He et al., 2016, arXiv
/// 1603.05027). Where the shape changes, the first norm and ReLU act on the stream too, and a bare 1 x 1
/// convolution projects it.
final class PreActBlock extends ResidualBlock {
    private final List<BatchNorm> norms = new ArrayList<>();
    private final List<ReLU> relus = new ArrayList<>();
    private final List<Conv2d> convs = new ArrayList<>();
    private final @Nullable Conv2d shortcut;
    private final Residual residual;

    /// A block; `projection` names the convolution on the stream.
    PreActBlock(ResNet.Block kind, int in, int base, int stride, String projection, Residual residual, Rng rng) {
        int out = base * kind.expansion;
        switch (kind) {
            case BASIC -> {
                step(in, base, 3, stride, rng);
                step(base, base, 3, 1, rng);
            }
            case BOTTLENECK, BOTTLENECK_V1 -> {
                boolean early = kind == ResNet.Block.BOTTLENECK_V1;
                step(in, base, 1, early ? stride : 1, rng);
                step(base, base, 3, early ? 1 : stride, rng);
                step(base, out, 1, 1, rng);
            }
        }
        boolean same = stride == 1 && in == out;
        shortcut = same ? null : child(projection, Convolutions.of(in, out, 1, stride, rng));
        this.residual = child("residual", residual);
    }

    private void step(int in, int out, int kernel, int stride, Rng rng) {
        int number = convs.size() + 1;
        norms.add(child("bn" + number, new BatchNorm(in)));
        relus.add(child("relu" + number, new ReLU()));
        convs.add(child("conv" + number, Convolutions.of(in, out, kernel, stride, rng)));
    }

    @Override
    protected void pass(ResidualStream stream) {
        if (shortcut == null) {
            residual.connect(stream, Branch.of(this::rest).withNorm(this::first));
        } else {
            stream.map(this::first);
            residual.connect(stream, Branch.of(this::rest).withShortcut(shortcut::call));
        }
    }

    private Tensor first(Tensor x) {
        return norms.getFirst().callRelu(x, relus.getFirst());
    }

    private Tensor rest(Tensor activated) {
        Tensor y = convs.getFirst().call(activated);
        for (int i = 1; i < convs.size(); i++) {
            y = convs.get(i).call(norms.get(i).callRelu(y, relus.get(i)));
        }
        return y;
    }
}
