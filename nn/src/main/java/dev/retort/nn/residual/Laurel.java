package dev.retort.nn.residual;

import dev.retort.nn.Parameter;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// LAuReL, a learned augmented residual layer (Menghani, Kumar and Kumar, ICML 2025, arXiv 2411.07501):
///
/// | variant  | x_{i+1} =                                              | parameters                    |
/// |----------|--------------------------------------------------------|-------------------------------|
/// | RW       | α f(x_i) + β x_i                                       | 2, or 1 (sigmoid)             |
/// | LR       | f(x_i) + x_i + x_i A B                                 | 2rD                           |
/// | PA       | f(x_i) + x_i + Σ_{j<k} γ_j x_{i−j}                     | k                             |
/// | LR+PA    | f(x_i) + x_i + Σ_{j<k} γ_j x_{i−j} A_j B_j             | 2rkD + k; 2rD + k if shared   |
/// | RW+…     | the same with α before f and β before all the rest     | and 2 (or 1) more             |
///
/// with trained scalars α, β, γ (α and β perhaps one a channel) and low-rank pairs A `[D, r]`, B `[r, D]`.
/// x_{i−j} are earlier values of the stream with the same shape; early connections have fewer than k, and
/// that many γ.
///
/// With the default [LaurelConfig] it starts as x + f(x): α = β = 1, B = 0, γ = 0 where it stands alone
/// and γ = 1 before a low-rank pair (γ = 0 with B = 0 would be a branch that no gradient ever reaches).
///
/// **Parameters**: `weights` `[2]`, `gamma` `[k]`, `pair.down` `[r, D]` and `pair.up` `[D, r]`, or
/// `pair0.…`, `pair1.…` for each lag.
public final class Laurel extends SingleLane {
    private final LaurelConfig config;
    private final ResidualPlace place;
    private final int lags;
    private final @Nullable Parameter weights;
    private final @Nullable Parameter gamma;
    private final List<LowRankPair> pairs = new ArrayList<>();

    /// A connection at a place.
    public Laurel(LaurelConfig config, ResidualPlace place, Rng rng) {
        this.config = config;
        this.place = place;
        int channels = place.channels();
        lags = config.hasPreviousActivations() ? Math.min(config.lags(), place.available()) : 0;
        weights = config.hasWeights() ? parameter("weights", rawWeights(config, channels)) : null;
        gamma = lags > 0 ? parameter("gamma", Tensor.ones(lags).mul(config.startOfGamma())) : null;
        if (config.hasLowRank()) {
            LowRankPair.check("laurel", config.rank(), channels);
            boolean each = lags > 0 && !config.sharedPairs();
            for (int j = 0; j < (each ? lags : 1); j++) {
                Tensor down = config.init(place.layout()).down(config.rank(), channels, rng);
                LowRankPair pair = new LowRankPair(place.layout(), down, Tensor.zeros(channels, config.rank()));
                pairs.add(child(each ? "pair" + j : "pair", pair));
            }
        }
    }

    private static Tensor rawWeights(LaurelConfig config, int channels) {
        Normaliser normaliser = config.normaliser();
        Tensor zeros = config.perChannel()
                ? Tensor.zeros(normaliser.parameters(), channels)
                : Tensor.zeros(normaliser.parameters());
        return zeros.add(normaliser.start());
    }

    @Override
    public int reach() {
        return Math.max(1, lags);
    }

    @Override
    protected Tensor join(Tensor output, Tensor skip, List<Tensor> history) {
        if (weights == null || config.perChannel()) {
            return sum(skip, history).with(output);
        }
        Tensor[] both = config.normaliser().weights(weights.value());
        return terms(skip, history).times(both[1]).before(both[0], output).sum();
    }

    @Override
    Sum sum(Tensor skip, List<Tensor> history) {
        Terms terms = terms(skip, history);
        if (weights == null) {
            return new Sum(null, terms.sum());
        }
        Tensor[] both = config.normaliser().weights(weights.value());
        Tensor stream = config.perChannel()
                ? terms.sum().mul(perChannel(both[1]))
                : terms.times(both[1]).sum();
        return new Sum(perChannel(both[0]), stream);
    }

    private Tensor perChannel(Tensor weight) {
        boolean planes = weight.rank() == 1 && place.layout() == Layout.CHANNELS_FIRST;
        return planes ? weight.reshape(weight.size(0), 1, 1) : weight;
    }

    /// Σ wᵢ xᵢ, one pass whatever the weights are made of.
    ///
    /// @param weights `[n]`, or null for ones
    private record Terms(@Nullable Tensor weights, Tensor... x) {
        Tensor sum() {
            return weights != null ? Tensor.weightedSum(weights, x) : x.length == 1 ? x[0] : x[0].add(x[1]);
        }

        Terms times(Tensor beta) {
            return new Terms(
                    weights != null ? weights.mul(beta) : beta.reshape(1).expand(x.length), x);
        }

        /// With α f in front.
        Terms before(Tensor alpha, Tensor f) {
            Tensor[] all = new Tensor[x.length + 1];
            all[0] = f;
            System.arraycopy(x, 0, all, 1, x.length);
            return new Terms(Tensor.cat(0, alpha.reshape(1), Objects.requireNonNull(weights)), all);
        }
    }

    /// g(x_i, x_{i−1}, …), the part without f, as a sum.
    private Terms terms(Tensor skip, List<Tensor> history) {
        if (gamma == null) {
            return pairs.isEmpty()
                    ? new Terms(null, skip)
                    : new Terms(null, skip, pairs.getFirst().call(skip));
        }
        Tensor scales = gamma.value();
        Tensor first = scales.narrow(0, 0, 1);
        Tensor[] lagged = new Tensor[lags];
        Arrays.setAll(lagged, j -> history.get(history.size() - 1 - j));
        if (pairs.isEmpty()) { // x_i is the stream itself and lag 0: its weight is 1 + γ_0
            return new Terms(Tensor.cat(0, first.add(1), scales.narrow(0, 1, lags - 1)), lagged);
        }
        if (pairs.size() > 1 || lags == 1) {
            Tensor[] x = new Tensor[lags + 1];
            x[0] = skip;
            Arrays.setAll(lagged, j -> pairs.get(j).call(lagged[j]));
            System.arraycopy(lagged, 0, x, 1, lags);
            return new Terms(Tensor.cat(0, first.onesLike(), scales), x);
        }
        return new Terms(null, skip, pairs.getFirst().call(Tensor.weightedSum(scales, lagged))); // Σ h = h(Σ)
    }

    @Override
    protected String extra() {
        return config + (lags == 0 ? "" : ", " + lags + " activations");
    }
}
