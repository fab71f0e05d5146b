package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// LAuReL as in Gemma 3n: y = (x + f(u) + u + rmsNorm(u A B))/√2, where u = norm(x) is what the branch
/// receives (Google's open implementation of Gemma 3n; Menghani et al., 2025, arXiv 2411.07501).
///
/// One a block, around attention; the feed-forward network keeps a plain connection. No trained weights
/// of the parts, but the fixed 1/√2, so it does not start as x + f(x). A and B start normal with standard
/// deviation 0.02: B = 0 in front of a norm would have gradients a thousand times too large.
///
/// **Parameters**: `pair.down` `[r, D]`, `pair.up` `[D, r]`, `norm` `[D]` = 1: 2rD + D.
public final class Gemma3nLaurel extends Residual {
    private static final double STD = 0.02;
    private static final double EPS = 1e-6;

    private final Layout layout;
    private final LowRankPair pair;
    private final Parameter norm;

    /// A connection of a rank at a place.
    public Gemma3nLaurel(int rank, ResidualPlace place, Rng rng) {
        int channels = place.channels();
        LowRankPair.check("gemma3n", rank, channels);
        layout = place.layout();
        Tensor down = Init.normal(Shape.of(rank, channels), 0, STD, rng);
        Tensor up = Init.normal(Shape.of(channels, rank), 0, STD, rng);
        pair = child("pair", new LowRankPair(layout, down, up));
        norm = parameter("norm", Tensor.ones(channels));
    }

    @Override
    public void connect(ResidualStream stream, Branch branch) {
        Tensor normed = branch.normed(stream.value());
        Tensor output = branch.body().apply(normed);
        stream.project(branch);
        Tensor side = branch.shortcut() == null ? normed : stream.value(); // u has the old shape there
        Tensor joined = run(in -> new Tensor[] {join(in[0], in[1], in[2])}, output, stream.value(), side)[0];
        stream.advance(branch.after(joined));
    }

    private Tensor join(Tensor output, Tensor skip, Tensor normed) {
        Tensor augmented = normed.add(rms(pair.call(normed)));
        return skip.add(output).add(augmented).mul(Math.sqrt(0.5));
    }

    private Tensor rms(Tensor x) {
        return switch (layout) {
            case CHANNELS_LAST -> x.rmsNorm(norm.value(), EPS);
            case CHANNELS_FIRST ->
                x.permute(0, 2, 3, 1).rmsNorm(norm.value(), EPS).permute(0, 3, 1, 2);
        };
    }
}
