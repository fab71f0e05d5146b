package dev.retort.distill.select;

import dev.retort.tensor.Rng;
import java.util.ArrayList;
import java.util.List;

/// Uncertainty-aware mix-up: the least certain samples, each with some of another one mixed in before the
/// teacher sees it.
///
/// ```
/// i₁, …, i_b = the b largest uncertainties, falling
/// x̃_r = (1 − w_r) x_{i_r} + w_r x_{j_r},   w_r = top · σ(steep · (r/b − ½))       j_r drawn from the pool
/// ```
///
/// The less certain a sample, the more of it is left. The form of w and the uniform partner are readings
/// chosen here; the idea is the paper's. A query costs what any other does; student and teacher both see
/// the mixture.
///
/// Source: Xu, Liu and Loy, "Computation-efficient knowledge distillation via uncertainty-aware mixup",
/// 2020, arXiv 2012.09413.
///
/// @param by    which uncertainty
/// @param top   largest weight of the partner, in [0, 1)
/// @param steep how fast the weight rises with the rank, at least 0
public record Unixkd(Uncertainty by, double top, double steep) implements Selector {
    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming what is out of range
    public Unixkd {
        if (!(top >= 0 && top < 1) || !(steep >= 0) || Double.isInfinite(steep)) {
            throw new IllegalArgumentException(
                    "unixkd: expected a top weight in [0, 1) and a steepness of at least 0, got " + top + " and "
                            + steep);
        }
    }

    /// By margin, at most half of the partner, steepness 10.
    public Unixkd() {
        this(Uncertainty.MARGIN, 0.5, 10);
    }

    @Override
    public String name() {
        return "unixkd";
    }

    @Override
    public Selection choose(Candidates pool, int budget, Rng rng) {
        Selection uncertain = new MostUncertain(by).choose(pool, budget, rng.fork(1));
        Rng partners = rng.fork(2);
        List<Selection.Pick> picks = new ArrayList<>();
        for (int rank = 0; rank < budget; rank++) {
            Selection.Pick pick = uncertain.picks().get(rank);
            double weight = top / (1 + Math.exp(-steep * ((double) rank / budget - 0.5)));
            int partner = partners.nextInt(pool.size());
            Selection.Blend blend = partner == pick.index() ? null : new Selection.Blend(partner, weight);
            picks.add(new Selection.Pick(pick.index(), pick.probability(), pick.score(), blend));
        }
        return new Selection(name(), uncertain.score(), picks, uncertain.marginals(), null);
    }
}
