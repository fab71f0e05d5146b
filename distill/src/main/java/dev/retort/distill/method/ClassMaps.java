package dev.retort.distill.method;

import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.layer.Identity;
import dev.retort.nn.layer.Linear;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// A network that ends in global average pooling and a linear classifier, with its class maps to be tapped.
///
/// ```
/// M[b, l, y, x] = Σ_c W[l, c] F[b, c, y, x] + b[l],     logits = mean over pixels of M
/// ```
///
/// The network and its logits are as they were: it has no parameter more, and gradients of the maps reach its
/// features and its classifier. [CatKd] needs it around both networks.
///
/// **Shape**: what the network takes → its logits [B, L].
public final class ClassMaps extends Layer {
    /// The class maps [B, L, H, W].
    public static final Tap MAPS = Tap.output("maps");

    private final Layer network;
    private final Tap features;
    private final Linear classifier;
    private final Identity maps;

    /// A network seen with its class maps.
    ///
    /// @param features   the maps F that are pooled for the classifier, [B, C, H, W]
    /// @param classifier path of the classifier, a [Linear] layer
    /// @throws IllegalArgumentException if a path leads nowhere, or there is another module at the classifier's
    public ClassMaps(Layer network, Tap features, String classifier) {
        Module head = network.module(classifier);
        if (!(head instanceof Linear linear)) {
            throw new IllegalArgumentException("class maps: expected a linear classifier at " + classifier + ", got "
                    + head.getClass().getSimpleName());
        }
        network.module(features.path());
        this.network = child("network", network);
        this.features = features;
        this.classifier = linear;
        maps = child("maps", new Identity());
    }

    /// The network inside, which has all the parameters.
    public Layer network() {
        return network;
    }

    @Override
    protected Tensor forward(Tensor x) {
        Map<Tap, Tensor> seen = Features.of(network, x, Set.of(features, Tap.LOGITS));
        Tensor weight = classifier.weight().value();
        Shape shape = weight.shape();
        Parameter bias = classifier.bias();
        maps.call(Objects.requireNonNull(seen.get(features))
                .conv2d(
                        weight.reshape(shape.dim(0), shape.dim(1), 1, 1),
                        bias == null ? null : bias.value(),
                        ConvOp.Geometry.of(1, 0)));
        return Objects.requireNonNull(seen.get(Tap.LOGITS));
    }
}
