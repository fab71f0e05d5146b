package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Layers one after the other. A [BatchNorm] and the [ReLU] behind it run as one op where nobody can see the
/// difference.
///
/// ```java
/// Layer mlp = new Sequential(new Linear(784, 256, rng), new ReLU(), new Linear(256, 10, rng));
/// ```
public final class Sequential extends Layer {
    private final List<Layer> layers = new ArrayList<>();

    /// Layers named `0`, `1`, `2`, …
    public Sequential(Layer... layers) {
        for (Layer layer : layers) {
            add(String.valueOf(this.layers.size()), layer);
        }
    }

    /// Layers under names of their own, in the map's order.
    public Sequential(LinkedHashMap<String, ? extends Layer> layers) {
        for (Map.Entry<String, ? extends Layer> entry : layers.entrySet()) {
            add(entry.getKey(), entry.getValue());
        }
    }

    private void add(String name, Layer layer) {
        layers.add(child(name, layer));
    }

    /// The layers in order.
    public List<Layer> layers() {
        return List.copyOf(layers);
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor y = x;
        for (int i = 0; i < layers.size(); i++) {
            if (layers.get(i) instanceof BatchNorm norm
                    && i + 1 < layers.size()
                    && layers.get(i + 1) instanceof ReLU relu) {
                y = norm.callRelu(y, relu);
                i++;
            } else {
                y = layers.get(i).call(y);
            }
        }
        return y;
    }
}
