package dev.retort.nn.residual;

import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// The residual connections of one model, made in the order in which the stream meets them.
///
/// ```java
/// ResidualStack stack = new ResidualStack(config.residual(), Layout.CHANNELS_LAST, layers, 2, rng);
/// SubLayers connections = child("residual", stack.block(width)); // in each block
/// ...
/// ResidualStream stream = stack.open(x); // in forward
/// connections.connect(stream, Branch.of(attention::call).withNorm(norm1::call), ...);
/// Tensor y = stream.value();
/// ```
///
/// The generator handed in is only forked, so the weights of the rest of the model are the same for every
/// kind of connection.
public final class ResidualStack {
    private static final long STREAM = 0x5245_5349_4455_414CL;

    private final ResidualFactory factory;
    private final Layout layout;
    private final int count;
    private final int subLayers;
    private final Rng rng;
    private int made;
    private int blocks;
    private int available = 1;
    private int reach = 1;

    /// Connections for `blocks` blocks of `subLayers` sub-layers each.
    public ResidualStack(ResidualFactory factory, Layout layout, int blocks, int subLayers, Rng rng) {
        this.factory = factory;
        this.layout = layout;
        this.subLayers = subLayers;
        count = factory.placement() == ResidualFactory.Placement.PER_BLOCK ? blocks : blocks * subLayers;
        this.rng = rng.fork(STREAM);
    }

    /// The next connection of a model whose blocks have one branch each.
    ///
    /// @param channels  width of the stream after it
    /// @param projected whether a shortcut changes the stream's shape here
    public Residual next(int channels, boolean projected) {
        return next(channels, projected, 0);
    }

    private Residual next(int channels, boolean projected, int subLayer) {
        available = projected ? 1 : available;
        ResidualPlace place = new ResidualPlace(made, count, channels, available, projected, subLayer, layout);
        Residual residual = factory.create(place, rng.fork(made));
        reach = Math.max(reach, residual.reach());
        made++;
        available++;
        return residual;
    }

    /// Says that a layer without a connection comes here, past which no earlier value of the stream can be
    /// read; see [ResidualStream#map].
    public void restart() {
        available = 1;
    }

    /// The connections of the next block with several sub-layers.
    public SubLayers block(int channels) {
        boolean whole = factory.placement() == ResidualFactory.Placement.PER_BLOCK;
        Residual[] connections = new Residual[whole ? 1 : subLayers];
        for (int i = 0; i < connections.length; i++) {
            connections[i] = next(channels, false, i);
        }
        return new SubLayers(connections, subLayers, blocks++);
    }

    /// What mixes the values of the attention layer of this number (from 0) with those of the first, or
    /// null.
    public @Nullable ValueResidual values(int layer) {
        return factory.values(layer);
    }

    /// A stream that starts with `x`, such as the embedding or the stem's output.
    public ResidualStream open(Tensor x) {
        return new ResidualStream(x, factory.lanes(), reach);
    }
}
