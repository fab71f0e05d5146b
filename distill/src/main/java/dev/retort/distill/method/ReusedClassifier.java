package dev.retort.distill.method;

import dev.retort.distill.NetworkFactory;
import dev.retort.distill.feature.Features;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The student of [SimKd]: a network whose last maps go through a projector and then into the teacher's classifier.
///
/// ```
/// logits = W · mean over pixels of r(F) + b
/// r: 1 x 1 convolution C → C'/f, 3 x 3, 1 x 1 → C', each with batch norm and ReLU
/// ```
///
/// W [L, C'] and b are copies of the teacher's, saved as buffers and never trained. The projector belongs to the
/// student and stays when it is used; the network's own classifier is neither used nor trained.
///
/// **Shape**: what the network takes → logits [B, L].
public final class ReusedClassifier extends Layer {
    /// The maps that the teacher's last ones are compared with, [B, C', H, W].
    public static final Tap PROJECTED = Tap.output("projector");

    private final Layer network;
    private final Tap maps;
    private final Sequential projector;
    private final Buffer weight;
    private final @Nullable Buffer bias;

    /// A student with a new projector.
    ///
    /// @param network    whatever has maps [B, C, H, W] at the tap
    /// @param maps       the network's last maps
    /// @param channels   C of those maps
    /// @param classifier the teacher's, behind global average pooling of C' channels; copied
    /// @param reduction  f, at least 1 and at most C'
    /// @throws IllegalArgumentException if the reduction is out of range, or the network has no module at the tap
    public ReusedClassifier(Layer network, Tap maps, int channels, Linear classifier, int reduction, Rng rng) {
        int wide = classifier.weight().shape().dim(1);
        if (reduction < 1 || reduction > wide) {
            throw new IllegalArgumentException("reused classifier: expected a reduction from 1 to the teacher's " + wide
                    + " channels, got " + reduction);
        }
        network.module(maps.path());
        this.network = child("network", network);
        this.maps = maps;
        int narrow = wide / reduction;
        projector = child(
                "projector",
                new Sequential(
                        ConvNorm.rectified(channels, narrow, 1, rng),
                        ConvNorm.rectified(narrow, narrow, 3, rng),
                        ConvNorm.rectified(narrow, wide, 1, rng)));
        weight = buffer("weight", classifier.weight().value().detach().copy());
        Parameter shift = classifier.bias();
        bias = shift == null ? null : buffer("bias", shift.value().detach().copy());
    }

    /// A factory of such students with f = 2, the paper's.
    ///
    /// @param networks makes the networks
    public static NetworkFactory students(NetworkFactory networks, Tap maps, int channels, Linear classifier) {
        return rng -> {
            Layer network = networks.create(rng);
            return new ReusedClassifier(network, maps, channels, classifier, 2, rng);
        };
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor seen =
                Objects.requireNonNull(Features.of(network, x, Set.of(maps)).get(maps));
        Tensor pooled = projector.call(seen).mean(false, 2, 3);
        return pooled.linear(weight.tensor(), bias == null ? null : bias.tensor());
    }
}
