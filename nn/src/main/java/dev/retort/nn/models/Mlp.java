package dev.retort.nn.models;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.Dropout;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;

/// Linear layers with ReLU between, on flattened inputs.
///
/// **Shape**: `[N, ...]` with I numbers a sample → logits `[N, classes]`. Names: `layers.fc1.weight`, …,
/// and `relu1`, `drop1`.
public final class Mlp extends Layer {
    private final Sequential layers;

    /// What the network looks like.
    ///
    /// @param in      numbers in a sample
    /// @param hidden  widths of the hidden layers
    /// @param classes outputs
    /// @param dropout probability of dropping a hidden unit in training
    public record Config(int in, List<Integer> hidden, int classes, double dropout) {
        /// Copies the list.
        public Config {
            hidden = List.copyOf(hidden);
        }

        /// Hidden layers of the given widths, no dropout.
        public static Config of(int in, int classes, Integer... hidden) {
            return new Config(in, List.of(hidden), classes, 0);
        }

        /// The same with dropout after each hidden layer.
        public Config withDropout(double p) {
            return new Config(in, hidden, classes, p);
        }
    }

    /// A network with random weights.
    public Mlp(Config config, Rng rng) {
        LinkedHashMap<String, Layer> parts = new LinkedHashMap<>();
        int width = config.in;
        for (int i = 0; i < config.hidden.size(); i++) {
            parts.put("fc" + (i + 1), new Linear(width, config.hidden.get(i), rng));
            parts.put("relu" + (i + 1), new ReLU());
            if (config.dropout > 0) {
                parts.put("drop" + (i + 1), new Dropout(config.dropout, rng));
            }
            width = config.hidden.get(i);
        }
        parts.put("fc" + (config.hidden.size() + 1), new Linear(width, config.classes, rng));
        layers = child("layers", new Sequential(parts));
    }

    @Override
    protected Tensor forward(Tensor x) {
        return layers.call(x.flatten(1));
    }
}
