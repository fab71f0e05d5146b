package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.Module;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/// Overhauled feature distillation: maps before the activation, where what the teacher's ReLU will cut off anyway
/// counts no more than it must.
///
/// ```
/// t'       = max(Fₜ, m),    m_c = E[x | x < 0] for x ~ N(β_c, γ_c²), the teacher's batch norm before its ReLU
/// d(s, t') = 0 where s ≤ t' ≤ 0, else (s − t')²
/// L_ofd    = (1/N) Σ_samples Σ_levels ½^(levels − l) Σ_elements d(r_l(Fₛ), t')
/// L        = w · L_ofd + response terms
/// ```
///
/// r is a 1 x 1 convolution without bias and a batch norm; its statistics are those of a micro-batch, so cutting a
/// batch into several changes the objective a little. Both maps are of equal extent and taken before their ReLU.
/// Where γ is far below β the margin is −3|γ|, as public code has it, since almost nothing is negative.
///
/// Source: Heo, Kim, Yun, Park, Kwak and Choi, "A comprehensive overhaul of feature distillation", 2019, arXiv
/// 1904.01866; w = 10⁻³ for small images. The authors' code runs the teacher's batch norms on the batch's own
/// statistics; here the teacher answers as in evaluation.
///
/// @param levels   from shallow to deep, at least one
/// @param weight   w, at least 0
/// @param response the terms on logits and labels
public record Ofd(List<Level> levels, double weight, HintonKd response) implements DistillationMethod {
    private static final double RARE = 1e-3;

    /// Two layers, and where the teacher's negative values are cut.
    ///
    /// @param pair    maps before the activation, [B, C, H, W] and [B, C', H, W]
    /// @param margins m of each teacher channel, at most 0
    public record Level(TapPair pair, List<Double> margins) {
        /// Checks the margins.
        ///
        /// @throws IllegalArgumentException if one is positive or not finite
        public Level {
            margins = List.copyOf(margins);
            for (double margin : margins) {
                if (!(margin <= 0) || Double.isInfinite(margin)) {
                    throw new IllegalArgumentException("ofd: expected margins of at most 0, got " + margin);
                }
            }
        }

        /// With the margins of the batch norm that the teacher has before its ReLU.
        public static Level after(BatchNorm norm, TapPair pair) {
            return new Level(pair, Ofd.margins(norm));
        }
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException if there is no level, or the weight is out of range
    public Ofd {
        levels = List.copyOf(levels);
        FeaturePairs.requireWeight("ofd", weight);
        FeaturePairs.require("ofd", levels.stream().map(Level::pair).toList(), 1);
    }

    /// Weight 10⁻³, with the true labels beside it.
    public Ofd(List<Level> levels) {
        this(levels, 1e-3, HintonKd.labelsOnly());
    }

    @Override
    public String name() {
        return "ofd";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(response, levels.stream().map(Level::pair).toList());
    }

    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, levels.stream().map(Level::pair).toList());
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("margin", weight, new Loss(levels, new Connectors(levels, setup))));
        return terms;
    }

    /// E[x | x < 0] of every channel that a batch norm gives: −σ φ(μ/σ)/Φ(−μ/σ) + μ with μ = bias, σ = |weight|.
    ///
    /// @throws IllegalArgumentException if the norm has no weight and bias
    public static List<Double> margins(BatchNorm norm) {
        if (norm.weight() == null || norm.bias() == null) {
            throw new IllegalArgumentException("ofd: expected a batch norm with weight and bias");
        }
        double[] scales = Objects.requireNonNull(norm.weight()).tensor().toDoubles();
        double[] means = Objects.requireNonNull(norm.bias()).tensor().toDoubles();
        List<Double> margins = new ArrayList<>();
        for (int c = 0; c < scales.length; c++) {
            margins.add(margin(means[c], Math.abs(scales[c])));
        }
        return margins;
    }

    private static double margin(double mean, double deviation) {
        if (deviation == 0) {
            return Math.min(mean, 0);
        }
        double z = mean / deviation;
        double negative =
                0.5 * (1 - Tensor.scalar(DType.F64, z / Math.sqrt(2)).erf().item());
        double density = Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
        return negative > RARE ? mean - deviation * density / negative : -3 * deviation;
    }

    /// Sum over all elements of d.
    ///
    /// @param guess   r(Fₛ), [B, C, H, W]
    /// @param teacher before its activation, the same shape
    /// @param margins m, [1, C, 1, 1]
    public static Tensor partialDistance(Tensor guess, Tensor teacher, Tensor margins) {
        Tensor wanted = teacher.maximum(margins);
        Tensor counts = guess.detach().gt(wanted).logicalOr(wanted.gt(0));
        return guess.sub(wanted).square().mul(counts.to(guess.dtype())).sum();
    }

    /// r of each level.
    private static final class Connectors extends Module {
        private final List<ConvNorm> maps = new ArrayList<>();

        Connectors(List<Level> levels, Setup setup) {
            Rng rng = setup.rng();
            for (Level level : levels) {
                Shape own = setup.student(level.pair.student());
                Shape wanted = setup.teacher(level.pair.teacher());
                if (own.dim(1) != wanted.dim(1) || own.dim(2) != wanted.dim(2)) {
                    throw new IllegalArgumentException("ofd: expected maps of equal extent at " + level.pair + ", got "
                            + own + " in the student and " + wanted + " in the teacher");
                }
                if (wanted.dim(0) != level.margins.size()) {
                    throw new IllegalArgumentException("ofd: expected a margin for each of the teacher's "
                            + wanted.dim(0) + " channels at " + level.pair + ", got " + level.margins.size());
                }
                ConvNorm map = ConvNorm.of(own.dim(0), wanted.dim(0), 1, rng);
                maps.add(child("level" + maps.size(), map));
            }
        }
    }

    private record Loss(List<Level> levels, Connectors connectors) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor total = of(step, 0);
            for (int l = 1; l < levels.size(); l++) {
                total = total.add(of(step, l));
            }
            return total;
        }

        private Tensor of(Step step, int l) {
            Level level = levels.get(l);
            Tensor guess = connectors.maps.get(l).call(step.student(level.pair.student()));
            Tensor teacher = step.teacher(level.pair.teacher()).to(guess.dtype());
            double[] margins =
                    level.margins.stream().mapToDouble(Double::doubleValue).toArray();
            Tensor shaped = Tensor.of(margins, 1, margins.length, 1, 1)
                    .to(guess.dtype())
                    .to(guess.device());
            return partialDistance(guess, teacher, shaped).mul(Math.pow(0.5, levels.size() - 1 - l));
        }

        @Override
        public Module adapters() {
            return connectors;
        }
    }
}
