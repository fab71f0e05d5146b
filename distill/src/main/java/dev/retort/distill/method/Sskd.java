package dev.retort.distill.method;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Need;
import dev.retort.distill.Ramp;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;

/// Distillation with self-supervision: the student also learns what the teacher says of turned images, and
/// which image it takes a turned one for.
///
/// ```
/// every image is seen upright and turned by 90, 180 and 270 degrees
/// sᵣᵢ = cos(head(f of turned image r), head(f of upright image i))           [3B, B] for each network
/// epochs 1 … E:  L_head = mean_r CE(the own image of r, sᵗᵣ)                  trains the teacher's head alone
/// after them:    L_ss   = mean_{r kept} T² · KL(softmax(sᵗᵣ/T) ‖ softmax(sˢᵣ/T))
/// always:        L_tf   = mean_{r kept} T² · KL(teacher ‖ student) on turned images at temperature T
/// L = w_ss · L_ss + w_tf · L_tf + response terms on upright images
/// ```
///
/// Where the teacher ranks the right answer first, a row is kept; of the others a share, those first in which
/// the right answer ranks best. The right answer is the own image for L_ss, the label for L_tf (without a
/// label the teacher's own class). Heads are two linear layers with ReLU between. Similarities are those
/// within one micro-batch, and means over kept rows are taken there too, so cutting a batch into several
/// changes the objective. Images must be square, and networks see one turn at a time: four passes a step.
///
/// Source: Xu, Liu, Li and Loy, "Knowledge distillation meets self-supervision", 2020, arXiv 2006.07114, with
/// the weights of its code: w_ss = 10 at T = 0.5 keeping 75 %, w_tf = 2.7 at T = 4 keeping all. There the
/// teacher's head is trained in a phase of its own (60 epochs of 240); here in the first E epochs, in which
/// the student learns all but L_ss. There all turns pass through batch norms together.
///
/// @param student     fₛ [B, …], usually what the classifier receives
/// @param teacher     fₜ [B, …]
/// @param head        E, at least 1 and less than the epochs of the run
/// @param self        L_ss
/// @param transformed L_tf
/// @param response    the terms on logits and labels of upright images
public record Sskd(Tap student, Tap teacher, int head, Part self, Part transformed, HintonKd response)
        implements DistillationMethod {
    private static final int TURNS = 3;

    /// How much a part of the loss weighs, and which rows it keeps.
    ///
    /// @param weight      at least 0
    /// @param temperature T, more than 0
    /// @param kept        share of the rows in which the teacher is wrong, in [0, 1]
    public record Part(double weight, double temperature, double kept) {
        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException naming the first value out of range
        public Part {
            FeaturePairs.requireWeight("sskd", weight);
            if (!(temperature > 0) || Double.isInfinite(temperature)) {
                throw new IllegalArgumentException("sskd: expected a positive temperature, got " + temperature);
            }
            if (!(kept >= 0 && kept <= 1)) {
                throw new IllegalArgumentException("sskd: expected a share of rows in [0, 1], got " + kept);
            }
        }
    }

    /// Checks the range.
    ///
    /// @throws IllegalArgumentException if there is no epoch for the head
    public Sskd {
        if (head < 1) {
            throw new IllegalArgumentException("sskd: expected at least 1 epoch for the teacher's head, got " + head);
        }
    }

    /// Five epochs for the head, the weights of the authors' code.
    public Sskd(Tap student, Tap teacher) {
        this(student, teacher, 5, new Part(10, .5, .75), new Part(2.7, 4, 1), new HintonKd(4, .1, .9));
    }

    @Override
    public String name() {
        return "sskd";
    }

    @Override
    public Set<Need> needs() {
        Set<Need> needs = new LinkedHashSet<>(response.needs());
        needs.add(new Need.StudentTap(student));
        needs.add(new Need.TeacherTap(teacher));
        needs.add(new Need.TeacherTap(Tap.LOGITS));
        needs.add(new Need.Rotations());
        return needs;
    }

    @Override
    public List<Term> terms(Setup setup) {
        Sequential wise = head(setup.teacher(teacher).numel(), setup.rng());
        Sequential own = head(setup.student(student).numel(), setup.rng());
        Ramp later = epoch -> epoch > head ? 1 : 0;
        List<Term> terms = new ArrayList<>(response.terms(setup));
        terms.add(new Term("head", 1, Ramp.until(head), new HeadLoss(wise)));
        terms.add(new Term("self", self.weight(), later, new SelfLoss(wise, own)));
        terms.add(new Term("transformed", transformed.weight(), new TransformedLoss()));
        return terms;
    }

    private static Sequential head(int size, Rng rng) {
        return new Sequential(new Linear(size, size, rng), new ReLU(), new Linear(size, size, rng));
    }

    /// s [3B, B], from features of upright images [B, D] and of turned ones [3B, D].
    static Tensor similarities(Tensor upright, Tensor turned) {
        return turned.normalize(1).matmul(upright.normalize(1).t());
    }

    /// Which rows are kept, ascending.
    ///
    /// @param scores the teacher's [R, K], row by row
    /// @param right  the right answer of each row
    /// @param kept   share of the rows in which it does not rank first
    static long[] keptRows(double[] scores, long[] right, double kept) {
        int rows = right.length;
        int answers = scores.length / Math.max(1, rows);
        int[] rank = new int[rows];
        for (int r = 0; r < rows; r++) {
            double own = scores[r * answers + (int) right[r]];
            for (int k = 0; k < answers; k++) {
                rank[r] += scores[r * answers + k] > own ? 1 : 0;
            }
        }
        int wrong = (int) Arrays.stream(rank).filter(place -> place > 0).count();
        return Arrays.stream(range(rows))
                .boxed()
                .sorted(Comparator.comparingInt(r -> rank[r])) // stable: among equals the first rows
                .limit(rows - wrong + (long) (wrong * kept))
                .mapToLong(Integer::longValue)
                .sorted()
                .toArray();
    }

    private static int[] range(int count) {
        int[] all = new int[count];
        Arrays.setAll(all, i -> i);
        return all;
    }

    /// R · mean over kept rows of T² · KL(teacher ‖ student).
    ///
    /// @param student [R, K]
    /// @param teacher [R, K]
    static Tensor keptDivergence(Tensor student, Tensor teacher, long[] kept, double temperature) {
        Tensor rows = Tensor.wrap(DType.I64, kept).to(student.device());
        Tensor chosen = HintonKd.divergence(student.indexSelect(0, rows), teacher.indexSelect(0, rows), temperature);
        return chosen.sum().mul((double) student.size(0) / Math.max(1, kept.length));
    }

    private static Tensor turned(IntFunction<Tensor> view) {
        return Tensor.cat(0, view.apply(1), view.apply(2), view.apply(3));
    }

    private Tensor teacherSimilarities(Step step, Sequential network) {
        Tensor upright = network.call(step.teacher(0, teacher).flatten(1));
        return similarities(
                upright, turned(view -> network.call(step.teacher(view, teacher).flatten(1))));
    }

    private static long[] ownImages(int batch) {
        long[] own = new long[TURNS * batch];
        Arrays.setAll(own, r -> r % batch);
        return own;
    }

    private abstract static class TurnedLoss implements LossTerm {
        @Override
        public double count(StepBatch batch) {
            return TURNS * (double) batch.size();
        }
    }

    private final class HeadLoss extends TurnedLoss {
        private final Sequential network;

        HeadLoss(Sequential network) {
            this.network = network;
        }

        @Override
        public Tensor sum(Step step) {
            Tensor rows = teacherSimilarities(step, network);
            Tensor own = Tensor.wrap(DType.I64, ownImages(step.batch().size()));
            return LabelLoss.crossEntropy(rows, own, 0).sum();
        }

        @Override
        public Module adapters() {
            return network;
        }
    }

    private final class SelfLoss extends TurnedLoss {
        private final Sequential wise;
        private final Sequential own;

        SelfLoss(Sequential wise, Sequential own) {
            this.wise = wise;
            this.own = own;
        }

        @Override
        public Tensor sum(Step step) {
            Tensor wanted = teacherSimilarities(step, wise).detach();
            Tensor upright = own.call(step.student(0, 0, student).flatten(1));
            Tensor rows = similarities(
                    upright,
                    turned(view -> own.call(step.student(0, view, student).flatten(1))));
            long[] kept = keptRows(wanted.toDoubles(), ownImages(step.batch().size()), self.kept());
            return keptDivergence(rows, wanted.to(rows.dtype()), kept, self.temperature());
        }

        @Override
        public Module adapters() {
            return own;
        }
    }

    private final class TransformedLoss extends TurnedLoss {
        @Override
        public Tensor sum(Step step) {
            Tensor rows = turned(view -> step.student(0, view, Tap.LOGITS));
            Tensor wanted = turned(view -> step.teacher(view, Tap.LOGITS));
            long[] said = step.teacher(0, Tap.LOGITS).argmax(1).toLongs();
            long[] labels = step.batch().labels().toLongs();
            long[] right = new long[TURNS * labels.length];
            for (int r = 0; r < right.length; r++) {
                int image = r % labels.length;
                right[r] = labels[image] >= 0 ? labels[image] : said[image];
            }
            long[] kept = keptRows(wanted.toDoubles(), right, transformed.kept());
            return keptDivergence(rows, wanted.to(rows.dtype()), kept, transformed.temperature());
        }
    }
}
