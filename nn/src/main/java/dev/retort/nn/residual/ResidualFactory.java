package dev.retort.nn.residual;

import dev.retort.tensor.Rng;
import org.jspecify.annotations.Nullable;

/// Makes the residual connections of a model: one argument of every ResNet and transformer.
///
/// [ResidualSpec] has all kinds that this library knows, also by name.
@FunctionalInterface
public interface ResidualFactory {
    /// x + f(x) everywhere.
    ResidualFactory PLAIN = new ResidualSpec.Plain();

    /// What one connection goes around in models whose blocks have several sub-layers.
    enum Placement {
        /// One connection around each sub-layer.
        PER_SUBLAYER,
        /// One connection around the whole block: f is all that the block adds to the stream.
        PER_BLOCK
    }

    /// The connection at a place.
    ///
    /// @param rng a generator of its own, so that the model's other weights do not depend on the kind of
    ///            connection
    Residual create(ResidualPlace place, Rng rng);

    /// What a connection goes around.
    default Placement placement() {
        return Placement.PER_SUBLAYER;
    }

    /// How many copies of the stream run side by side.
    default int lanes() {
        return 1;
    }

    /// What mixes attention's values with those of the first layer, or null for nothing.
    ///
    /// @param layer number of the attention layer, from 0
    default @Nullable ValueResidual values(int layer) {
        return null;
    }
}
