package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Set;

/// Scale-decoupled distillation: a method on logits, applied to every cell of several grids over the image.
///
/// ```
/// z_m   = class maps averaged over cell m, for the cells of g x g grids, M cells in all
/// c_m   = 1 if the teacher is right both there and for the whole image, or at neither; else β
/// L_sdd = (1/N) Σᵢ (1/M) Σ_m c_m · D(z_m of the student, z_m of the teacher, yᵢ)
/// L     = CE(y, softmax(zₛ)) + min(epoch/w, 1) · α · L_sdd
/// ```
///
/// What the teacher sees in a part of the image and not in the whole, or the other way round, counts more. Both
/// networks must be [ClassMaps]: pooling and a linear classifier can change places. A sample without a label has the
/// teacher's class for the whole image as its target (ours). Cells are averaged, as in public
/// code.
///
/// Source: Wei, Luo and Luo, "Scale decoupled distillation", 2024, arXiv 2403.13512.
///
/// @param grids         all g, each at least 1 and at most the maps' extents; at least one
/// @param cells         D
/// @param temperature   T of D, more than 0
/// @param complementary β, at least 0
/// @param weight        α, at least 0
/// @param warmUp        w, epochs until the weight is whole, at least 1
public record Sdd(List<Integer> grids, Cells cells, double temperature, double complementary, double weight, int warmUp)
        implements DistillationMethod {
    private static final TapPair MAPS = new TapPair(ClassMaps.MAPS, ClassMaps.MAPS);
    private static final double DKD_OTHERS = 8;
    private static final double NKD_OTHERS = 1.5;

    /// What compares the logits of a cell.
    public enum Cells {
        /// [HintonKd#divergence].
        KD {
            @Override
            Tensor rows(Tensor student, Tensor teacher, Tensor classes, double temperature) {
                return HintonKd.divergence(student, teacher, temperature);
            }
        },
        /// The two parts of [Dkd] with its weights of 1 and 8.
        DKD {
            @Override
            Tensor rows(Tensor student, Tensor teacher, Tensor classes, double temperature) {
                return Dkd.target(student, teacher, classes, temperature)
                        .add(Dkd.others(student, teacher, classes, temperature).mul(DKD_OTHERS));
            }
        },
        /// The two parts of [Nkd] with its weights of 1 and 1.5.
        NKD {
            @Override
            Tensor rows(Tensor student, Tensor teacher, Tensor classes, double temperature) {
                return Nkd.target(student, teacher, classes)
                        .add(Nkd.others(student, teacher, classes, temperature).mul(NKD_OTHERS));
            }
        };

        abstract Tensor rows(Tensor student, Tensor teacher, Tensor classes, double temperature);
    }

    /// Checks the ranges.
    ///
    /// @throws IllegalArgumentException naming the first value out of range
    public Sdd {
        grids = List.copyOf(grids);
        if (grids.isEmpty() || grids.stream().anyMatch(grid -> grid < 1)) {
            throw new IllegalArgumentException("sdd: expected grids of at least 1, got " + grids);
        }
        LogitLoss.requirePositive("sdd", "temperature", temperature);
        LogitLoss.requireWeight("sdd", "weight of complementary cells", complementary);
        LogitLoss.requireWeight("sdd", "weight", weight);
        LogitLoss.requireEpochs("sdd", "warm-up", warmUp);
    }

    /// Grids of 1, 2 and 4, D = DKD at T = 4, β = 2, α = 1, 20 epochs of warm-up.
    public Sdd() {
        this(List.of(1, 2, 4), Cells.DKD, 4, 2, 1, 20);
    }

    @Override
    public String name() {
        return "sdd";
    }

    @Override
    public Set<Need> needs() {
        return FeaturePairs.needs(HintonKd.labelsOnly(), List.of(MAPS));
    }

    /// The terms.
    ///
    /// @throws IllegalArgumentException if a network has no class maps, or they have fewer pixels than a grid has
    ///                                  cells
    @Override
    public List<Term> terms(Setup setup) {
        FeaturePairs.requireMaps(name(), setup, List.of(MAPS));
        int most = grids.stream().mapToInt(Integer::intValue).max().orElseThrow();
        for (Shape maps : List.of(setup.student(MAPS.student()), setup.teacher(MAPS.teacher()))) {
            if (Math.min(maps.dim(1), maps.dim(2)) < most) {
                throw new IllegalArgumentException(
                        "sdd: expected class maps of at least " + most + " x " + most + " pixels, got " + maps);
            }
        }
        return List.of(
                new Term("label", 1, new LabelLoss()),
                new Term("sdd", weight, Ramp.linear(warmUp), new CellLoss(this)));
    }

    /// The logits of all cells, [B · M, L], sample by sample.
    ///
    /// @param maps [B, L, H, W]
    Tensor cells(Tensor maps) {
        Tensor[] all = grids.stream()
                .map(grid -> maps.adaptiveAvgPool2d(grid, grid).flatten(2))
                .toArray(Tensor[]::new);
        return Tensor.cat(2, all).transpose(1, 2).flatten(0, 1);
    }

    /// L_sdd of each sample.
    ///
    /// @param student class maps [B, L, H, W]
    /// @param teacher class maps [B, L, H', W']
    /// @param labels  `[B]`, −1 where unlabelled
    /// @return `[B]`
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor whole = teacher.mean(false, 2, 3).argmax(1);
        Tensor classes = Tensor.where(labels.ge(0.0), labels, whole);
        Tensor taught = cells(teacher);
        int count = taught.size(0) / classes.size(0);
        Tensor each = classes.repeatInterleave(count, 0); // [B · M]
        Tensor here = taught.argmax(1).eq(each);
        Tensor there = whole.eq(classes).repeatInterleave(count, 0);
        Tensor unlike = here.ne(there).to(student.dtype());
        Tensor weights = unlike.mul(complementary - 1).add(1.0);
        Tensor losses = cells.rows(cells(student), taught, each, temperature);
        return losses.mul(weights).reshape(classes.size(0), count).mean(false, 1);
    }

    private record CellLoss(Sdd method) implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return batch.size();
        }

        @Override
        public Tensor sum(Step step) {
            Tensor own = step.student(MAPS.student());
            Tensor labels = step.batch().labels().to(own.device());
            return method.rows(own, step.teacher(MAPS.teacher()).to(own.dtype()), labels)
                    .sum();
        }
    }
}
