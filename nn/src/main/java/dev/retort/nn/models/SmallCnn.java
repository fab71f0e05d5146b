package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.AdaptiveAvgPool2d;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Flatten;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MaxPool2d;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;

/// Stages of 3 x 3 convolution, batch norm and ReLU, halved by max pooling between, then global average
/// pooling and a linear classifier: a net for small images that trains in seconds.
///
/// **Shape**: `[N, C, H, W]` with H and W at least 2^(stages − 1) → logits `[N, classes]`. Names:
/// `body.stage1.conv.weight`, `body.stage1.bn.weight`, …, `linear.weight`.
public final class SmallCnn extends Layer {
    private final Sequential body;
    private final Linear linear;

    /// What the network looks like.
    ///
    /// @param in      channels of the images
    /// @param widths  channels of the stages
    /// @param classes outputs
    public record Config(int in, List<Integer> widths, int classes) {
        /// Copies the list.
        public Config {
            widths = List.copyOf(widths);
        }

        /// Stages of the given widths.
        public static Config of(int in, int classes, Integer... widths) {
            return new Config(in, List.of(widths), classes);
        }
    }

    /// A network with random weights.
    public SmallCnn(Config config, Rng rng) {
        LinkedHashMap<String, Layer> stages = new LinkedHashMap<>();
        int width = config.in;
        for (int i = 0; i < config.widths.size(); i++) {
            LinkedHashMap<String, Layer> stage = new LinkedHashMap<>();
            if (i > 0) {
                stage.put("pool", new MaxPool2d(2));
            }
            stage.put(
                    "conv",
                    new Conv2d(
                            Conv2d.Config.of(width, config.widths.get(i), 3)
                                    .withPadding(1)
                                    .withoutBias(),
                            rng));
            stage.put("bn", new BatchNorm(config.widths.get(i)));
            stage.put("relu", new ReLU());
            stages.put("stage" + (i + 1), new Sequential(stage));
            width = config.widths.get(i);
        }
        stages.put("avgpool", new AdaptiveAvgPool2d());
        stages.put("flatten", new Flatten());
        body = child("body", new Sequential(stages));
        linear = child("linear", new Linear(width, config.classes, rng));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return linear.call(body.call(x));
    }
}
