package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.residual.Residual;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.nn.residual.ResidualStack;
import dev.retort.nn.residual.ResidualStream;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.PoolOp;
import java.util.ArrayList;
import java.util.List;

/// ResNets "v2", with norm and ReLU before each convolution and nothing on the stream (He, Zhang, Ren and
/// Sun, "Identity mappings in deep residual networks", 2016, arXiv 1603.05027).
///
/// **Shape**: `[N, C, H, W]` → logits `[N, classes]`. Takes a [ResNet.Config] without groups and
/// squeeze-and-excitation. Names: `conv1`, `layer1.0.bn1`, `layer1.0.conv1`, …, `layer2.0.downsample`, `bn`,
/// `fc`; projections are bare convolutions on the activated stream.
public final class PreActResNet extends Layer {
    private final Conv2d conv1;
    private final MaxPool2d maxpool;
    private final boolean pools;
    private final List<ResNetStage> stages = new ArrayList<>();
    private final BatchNorm bn;
    private final ReLU relu;
    private final AdaptiveAvgPool2d avgpool;
    private final Linear fc;
    private final ResidualStack residuals;

    /// A network with random weights.
    ///
    /// @throws OpException if the configuration asks for what this network does not have
    public PreActResNet(ResNet.Config config, Rng rng) {
        if (config.groups() != 1 || config.squeeze() != 0 || config.zeroInit()) {
            throw new OpException(
                    "preact_resnet: expects no groups, squeeze-and-excitation or zero init, got " + config);
        }
        pools = config.stem() == ResNet.Stem.LARGE;
        conv1 = child("conv1", Convolutions.of(config.in(), config.width(), pools ? 7 : 3, pools ? 2 : 1, rng));
        maxpool = child("maxpool", new MaxPool2d(PoolOp.Window.of(3, 2, 1)));
        int count = config.blocks().stream().mapToInt(Integer::intValue).sum();
        residuals = new ResidualStack(config.residual(), Layout.CHANNELS_FIRST, count, 1, rng);
        int in = config.width();
        for (int s = 0; s < config.blocks().size(); s++) {
            int base = config.width() << s;
            int out = base * config.block().expansion;
            List<ResidualBlock> stage = new ArrayList<>();
            for (int b = 0; b < config.blocks().get(s); b++) {
                int stride = s > 0 && b == 0 ? 2 : 1;
                Residual residual = residuals.next(out, stride > 1 || in != out);
                stage.add(new PreActBlock(config.block(), in, base, stride, "downsample", residual, rng));
                in = out;
            }
            stages.add(child("layer" + (s + 1), new ResNetStage(stage)));
        }
        bn = child("bn", new BatchNorm(in));
        relu = child("relu", new ReLU());
        avgpool = child("avgpool", new AdaptiveAvgPool2d());
        fc = child("fc", new Linear(in, config.classes(), rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor y = conv1.call(x);
        ResidualStream stream = residuals.open(pools ? maxpool.call(y) : y);
        stages.forEach(stage -> stage.call(stream));
        return fc.call(avgpool.call(bn.callRelu(stream.value(), relu)).flatten(1));
    }
}
