package dev.retort.nn.residual;

import dev.retort.nn.residual.ResidualFactory.Placement;
import dev.retort.nn.residual.ResidualPlace.Layout;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which parts of LAuReL a connection has, and the choices that the paper leaves open; see [Laurel].
///
/// @param parts       one or more of RW, LR and PA
/// @param normaliser  what bounds α and β
/// @param perChannel  whether α and β are vectors of length D (the paper's section 2.4) or scalars
/// @param rank        r of the low-rank pairs, 1 to D; the paper's ResNet-50 has 16
/// @param lags        k, how many activations PA mixes, the current one included; the paper's ablation has 3
/// @param sharedPairs whether LR+PA uses one pair for all lags (the text's count 2rD + k) or one each
///                    (equation 6 and Table 4: 2rkD + k)
/// @param lowRankInit how A starts; null for the paper's choice by layout: Xavier for pictures,
///                    column-orthogonal for tokens
/// @param gamma       γ at first; null for 0 with identity h and 1 with low-rank h
/// @param placement   what one connection goes around in a transformer; the paper's parameter counts fit
///                    one a layer
/// @param scope       where a ResNet has them
public record LaurelConfig(
        Set<Part> parts,
        Normaliser normaliser,
        boolean perChannel,
        int rank,
        int lags,
        boolean sharedPairs,
        @Nullable LowRankInit lowRankInit,
        @Nullable Double gamma,
        Placement placement,
        Scope scope) {
    private static final int RANK = 16;
    private static final int LAGS = 3;

    /// An ingredient.
    public enum Part {
        /// Residual weights.
        RW,
        /// A low-rank linear map beside the identity.
        LR,
        /// Previous activations.
        PA
    }

    /// Which blocks of a ResNet get the connection. The paper does not say; its 1.68 % more parameters at
    /// r = 16 on ResNet-50 lie between the two (1.89 % and 1.41 %).
    public enum Scope {
        /// Every block; where the shape changes, on the projected stream. Our default, since the paper's
        /// form replaces every residual connection.
        ALL,
        /// Only blocks whose shortcut is the identity; the others stay plain.
        IDENTITY
    }

    /// Checks the parts and numbers.
    ///
    /// @throws IllegalArgumentException for no part, a rank or number of lags below 1, γ that is not
    ///                                  finite, or γ = 0 before a pair that starts at 0, which no
    ///                                  gradient would ever reach
    public LaurelConfig {
        parts = Set.copyOf(parts);
        if (parts.isEmpty() || rank < 1 || lags < 1 || gamma != null && !Double.isFinite(gamma)) {
            throw new IllegalArgumentException("laurel: expects a part, rank and lags of at least 1 and a finite gamma,"
                    + " got " + parts + ", rank " + rank + ", lags " + lags + ", gamma " + gamma);
        }
        if (gamma != null && gamma == 0 && parts.contains(Part.LR) && parts.contains(Part.PA)) {
            throw new IllegalArgumentException("laurel: gamma = 0 before low-rank pairs that start at 0 gives a branch"
                    + " that no gradient reaches; expects another gamma, such as 1");
        }
    }

    /// The given parts with our defaults: exactly x + f(x) at first.
    public static LaurelConfig of(Part... parts) {
        return new LaurelConfig(
                new LinkedHashSet<>(List.of(parts)),
                Normaliser.SCALED_SOFTMAX,
                false,
                RANK,
                LAGS,
                false,
                null,
                null,
                Placement.PER_BLOCK,
                Scope.ALL);
    }

    /// The same with another normaliser of α and β.
    public LaurelConfig withNormaliser(Normaliser other) {
        return new LaurelConfig(
                parts, other, perChannel, rank, lags, sharedPairs, lowRankInit, gamma, placement, scope);
    }

    /// The same with α and β for each channel.
    public LaurelConfig withWeightsPerChannel() {
        return new LaurelConfig(parts, normaliser, true, rank, lags, sharedPairs, lowRankInit, gamma, placement, scope);
    }

    /// The same with another rank.
    public LaurelConfig withRank(int newRank) {
        return new LaurelConfig(
                parts, normaliser, perChannel, newRank, lags, sharedPairs, lowRankInit, gamma, placement, scope);
    }

    /// The same with another number of activations.
    public LaurelConfig withLags(int newLags) {
        return new LaurelConfig(
                parts, normaliser, perChannel, rank, newLags, sharedPairs, lowRankInit, gamma, placement, scope);
    }

    /// The same with one low-rank pair for all lags.
    public LaurelConfig withSharedPairs() {
        return new LaurelConfig(parts, normaliser, perChannel, rank, lags, true, lowRankInit, gamma, placement, scope);
    }

    /// The same with another start of A.
    public LaurelConfig withInit(LowRankInit newInit) {
        return new LaurelConfig(
                parts, normaliser, perChannel, rank, lags, sharedPairs, newInit, gamma, placement, scope);
    }

    /// The same with another start of γ.
    public LaurelConfig withGamma(double newGamma) {
        return new LaurelConfig(
                parts, normaliser, perChannel, rank, lags, sharedPairs, lowRankInit, newGamma, placement, scope);
    }

    /// The same around something else.
    public LaurelConfig withPlacement(Placement newPlacement) {
        return new LaurelConfig(
                parts, normaliser, perChannel, rank, lags, sharedPairs, lowRankInit, gamma, newPlacement, scope);
    }

    /// The same in other blocks.
    public LaurelConfig withScope(Scope newScope) {
        return new LaurelConfig(
                parts, normaliser, perChannel, rank, lags, sharedPairs, lowRankInit, gamma, placement, newScope);
    }

    boolean hasWeights() {
        return parts.contains(Part.RW);
    }

    boolean hasLowRank() {
        return parts.contains(Part.LR);
    }

    boolean hasPreviousActivations() {
        return parts.contains(Part.PA);
    }

    double startOfGamma() {
        return gamma != null ? gamma : hasLowRank() ? 1 : 0;
    }

    LowRankInit init(Layout layout) {
        if (lowRankInit != null) {
            return lowRankInit;
        }
        return layout == Layout.CHANNELS_FIRST ? LowRankInit.XAVIER : LowRankInit.COLUMN_ORTHOGONAL;
    }

    /// As [ResidualSpec#parse] reads it.
    @Override
    public String toString() {
        return SpecText.of(this);
    }
}
