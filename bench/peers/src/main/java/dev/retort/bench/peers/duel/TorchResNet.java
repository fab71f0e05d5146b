package dev.retort.bench.peers.duel;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/// The ResNets in libtorch's functions, with the parameters of ours: blocks and projections are
/// read off the names.
final class TorchResNet {
    private static final double EPS = 1e-5;
    private static final double MOMENTUM = 0.1;

    private final TorchParameters parameters;
    private final boolean training;
    private final boolean pooled;

    /// A network.
    ///
    /// @param pooled whether the stem has stride 2 and pooling
    TorchResNet(TorchParameters parameters, boolean training, boolean pooled) {
        this.parameters = parameters;
        this.training = training;
        this.pooled = pooled;
    }

    /// Folds each batch norm into the convolution before it, for inference.
    TorchResNet folded(boolean channelsLast) {
        for (int stage = 1; parameters.has(block(stage, 0) + ".conv1.weight"); stage++) {
            for (int b = 0; parameters.has(block(stage, b) + ".conv1.weight"); b++) {
                String name = block(stage, b);
                for (int c = 1; parameters.has(name + ".conv" + c + ".weight"); c++) {
                    fold(name + ".conv" + c, name + ".bn" + c, channelsLast);
                }
                if (parameters.has(name + ".downsample.0.weight")) {
                    fold(name + ".downsample.0", name + ".downsample.1", channelsLast);
                }
            }
        }
        fold("conv1", "bn1", channelsLast);
        return this;
    }

    private void fold(String conv, String norm, boolean channelsLast) {
        Tensor scale = parameters
                .get(norm + ".weight")
                .mul(parameters.get(norm + ".running_var").add(new Scalar(EPS)).rsqrt());
        Tensor weight = parameters.get(conv + ".weight").mul(scale.view(-1, 1, 1, 1));
        Tensor bias = parameters
                .get(norm + ".bias")
                .sub(parameters.get(norm + ".running_mean").mul(scale));
        parameters.put(conv + ".weight", channelsLast ? Torch.channelsLast(weight) : weight.contiguous());
        parameters.put(conv + ".bias", bias);
    }

    /// Logits.
    Tensor forward(Tensor x) {
        Tensor y = torch.relu_(norm("bn1", "conv1", conv("conv1", x, pooled ? 2 : 1)));
        if (pooled) {
            y = torch.max_pool2d(y, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false);
        }
        for (int stage = 1; parameters.has(block(stage, 0) + ".conv1.weight"); stage++) {
            for (int b = 0; parameters.has(block(stage, b) + ".conv1.weight"); b++) {
                y = block(block(stage, b), y, stage > 1 && b == 0 ? 2 : 1);
            }
        }
        Tensor features = torch.adaptive_avg_pool2d(y, 1, 1).flatten(1, -1);
        String head = parameters.has("fc.weight") ? "fc" : "linear";
        return torch.linear(features, parameters.get(head + ".weight"), Torch.some(parameters.get(head + ".bias")));
    }

    private static String block(int stage, int index) {
        return "layer" + stage + "." + index;
    }

    private Tensor block(String name, Tensor x, int stride) {
        boolean bottleneck = parameters.has(name + ".conv3.weight");
        Tensor y = torch.relu_(norm(name + ".bn1", name + ".conv1", conv(name + ".conv1", x, bottleneck ? 1 : stride)));
        y = norm(name + ".bn2", name + ".conv2", conv(name + ".conv2", y, bottleneck ? stride : 1));
        if (bottleneck) {
            y = norm(name + ".bn3", name + ".conv3", conv(name + ".conv3", torch.relu_(y), 1));
        }
        return torch.relu_(y.add_(shortcut(name, x, stride, y.size(1))));
    }

    private Tensor shortcut(String name, Tensor x, int stride, long channels) {
        if (parameters.has(name + ".downsample.0.weight")) {
            return norm(name + ".downsample.1", name + ".downsample.0", conv(name + ".downsample.0", x, stride));
        }
        long added = channels - x.size(1);
        if (stride == 1 && added == 0) {
            return x;
        }
        Tensor smaller = every(every(x, 2, stride), 3, stride);
        return torch.constant_pad_nd(smaller, 0, 0, 0, 0, added / 2, added - added / 2);
    }

    private static Tensor every(Tensor x, int dim, int step) {
        return torch.slice(
                x, dim, new org.bytedeco.pytorch.LongOptional(0), new org.bytedeco.pytorch.LongOptional(), step);
    }

    private Tensor conv(String name, Tensor x, int stride) {
        Tensor weight = parameters.get(name + ".weight");
        long padding = weight.size(2) / 2;
        return torch.conv2d(
                x,
                weight,
                parameters.has(name + ".bias") ? Torch.some(parameters.get(name + ".bias")) : Torch.none(),
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {1, 1},
                1);
    }

    private Tensor norm(String name, String conv, Tensor x) {
        if (parameters.has(conv + ".bias")) {
            return x; // folded into the convolution
        }
        return torch.batch_norm(
                x,
                Torch.some(parameters.get(name + ".weight")),
                Torch.some(parameters.get(name + ".bias")),
                Torch.some(parameters.get(name + ".running_mean")),
                Torch.some(parameters.get(name + ".running_var")),
                training,
                MOMENTUM,
                EPS,
                false);
    }
}
