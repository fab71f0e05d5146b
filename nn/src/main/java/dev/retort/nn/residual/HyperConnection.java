package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Hyper-connections: n lanes h_1 … h_n (Zhu, Huang, Huang et al., "Hyper-connections", 2024, arXiv
/// 2409.19606):
///
/// x = Σ_j m_j h_j,  y = f(x),  h'_k = Σ_j R_kj h_j + w_k y.
///
/// Static: m, R and w are trained constants. Dynamic: each position adds s · tanh(norm(h_j) V) to them,
/// with a layer norm without scale (V can take it over), V = 0 and s = 0.01 at first. Where a shortcut
/// changes the shape, the lanes are read by the constants and moved after their projection.
/// At first m picks lane (index mod n), R = I and w = 1: the plain network in every lane.
///
/// **Parameters**: `read` `[n]`, `mix` `[n, n]`, `write` `[n]`, and if dynamic `dynamic` `[n + 2, D]` (rows:
/// read, the n rows of mix, write), `scale` `[2]` (of read and mix; of write): n² + 2n, and (n + 2)D + 2.
public final class HyperConnection extends Residual {
    private static final double EPS = 1e-5;
    private static final double SCALE = 0.01;

    private final int lanes;
    private final Layout layout;
    private final boolean projected;
    private final Parameter read;
    private final Parameter mix;
    private final Parameter write;
    private final @Nullable Parameter dynamic;
    private final @Nullable Parameter scale;

    /// A connection of n lanes at a place.
    public HyperConnection(int lanes, boolean isDynamic, ResidualPlace place) {
        this.lanes = lanes;
        layout = place.layout();
        projected = place.projected();
        read = parameter("read", Tensor.wrap(DType.F32, Lanes.oneHot(lanes, place.index()), lanes));
        mix = parameter("mix", Tensor.eye(lanes));
        write = parameter("write", Tensor.ones(lanes));
        dynamic = isDynamic ? parameter("dynamic", Tensor.zeros(lanes + 2, place.channels())) : null;
        scale = isDynamic ? parameter("scale", Tensor.ones(2).mul(SCALE)) : null;
    }

    @Override
    public void connect(ResidualStream stream, Branch branch) {
        Tensor before = stream.lanes();
        Tensor moves = dynamic == null || projected ? null : moves(before, dynamic.value());
        Tensor input = moves == null
                ? Lanes.mix(read.value().unsqueeze(0), before).select(0, 0)
                : Lanes.sum(weights(moves, 0, read.value()), before, layout);
        Tensor output = branch.run(input);
        stream.project(branch);
        if (projected && dynamic != null) {
            moves = moves(stream.lanes(), dynamic.value());
        }
        Tensor parts = moves;
        stream.advance(run(in -> new Tensor[] {write(in[0], in[1], parts)}, output, stream.lanes())[0]);
        if (branch.after() != null) {
            stream.advance(stream.each(branch::after));
        }
    }

    private Tensor write(Tensor output, Tensor skip, @Nullable Tensor moves) {
        if (moves == null) {
            return Lanes.mix(mix.value(), skip).add(Lanes.spread(write.value(), output));
        }
        Tensor[] mixed = new Tensor[lanes];
        for (int k = 0; k < lanes; k++) {
            mixed[k] = Lanes.sum(weights(moves, 1 + k, mix.value().select(0, k)), skip, layout);
        }
        Tensor shares = weights(moves, lanes + 1, write.value());
        return Tensor.stack(0, mixed).add(Lanes.spread(shares, output, layout));
    }

    /// tanh(norm(h) V) `[n, N, ..., n + 2]`.
    private Tensor moves(Tensor all, Tensor weight) {
        return Lanes.channelsLast(all, layout)
                .layerNorm(null, null, EPS)
                .linear(weight, null)
                .tanh();
    }

    /// Weights of one kind for all lanes and positions: a constant `[n]` plus the scaled move `[n, N, ...]`.
    private Tensor weights(Tensor moves, int row, Tensor constant) {
        Tensor move = moves.select(moves.rank() - 1, row);
        Tensor factor = Objects.requireNonNull(scale).value().select(0, row == lanes + 1 ? 1 : 0);
        int[] dims = new int[move.rank()];
        Arrays.fill(dims, 1);
        dims[0] = lanes;
        return move.mul(factor).add(constant.reshape(dims));
    }

    @Override
    protected String extra() {
        return lanes + " lanes" + (dynamic == null ? "" : ", dynamic");
    }
}
