package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.StepBatch;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.models.SmallCnn;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Losses on maps, without networks.
class FeatureLossTest {
    private static final Tap TAP = Tap.output("body");
    private static final List<TapPair> PAIR = List.of(new TapPair(TAP, TAP));
    private static final HintonKd LABELS = HintonKd.labelsOnly();
    private static final double CLOSE = 1e-10;

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static void check(String name, UnaryOperator<Tensor> loss, Tensor at) {
        GradCheck.defaults()
                .firstOrder(name, in -> new Tensor[] {loss.apply(in[0])}, at)
                .verify();
    }

    @Test
    void attentionByHand() {
        // Squares (2, 4) and (0, 9) over two channels: rows (1, 2)/√5 and (0, 1).
        Tensor student = Tensor.of(new double[] {1, 0, 1, 2}, 1, 2, 1, 2);
        Tensor teacher = Tensor.of(new double[] {0, 3}, 1, 1, 1, 2);
        double first = 1 / Math.sqrt(5);
        double second = 2 / Math.sqrt(5) - 1;
        double square = first * first + second * second;
        assertThat(AttentionTransfer.distance(student, teacher, 2, AttentionTransfer.Distance.SQUARED)
                        .item())
                .isCloseTo(square / 2, within(CLOSE));
        assertThat(AttentionTransfer.distance(student, teacher, 2, AttentionTransfer.Distance.EUCLIDEAN)
                        .item())
                .isCloseTo(Math.sqrt(square), within(CLOSE));
        // With p = 1 the strengths are (2, 2).
        assertThat(AttentionTransfer.attention(student, 1).toDoubles()[1]).isCloseTo(Math.sqrt(.5), within(CLOSE));
    }

    @ParameterizedTest
    @EnumSource
    void attentionDoesNotSeeScaleAndHasGradients(AttentionTransfer.Distance distance) {
        Tensor x = normal(1, 2, 3, 4, 4);
        assertThat(AttentionTransfer.distance(x.mul(-7.0), x, 2, distance).item())
                .isCloseTo(0, within(1e-7));
        Tensor teacher = normal(2, 2, 5, 2, 2); // the student's maps are pooled
        check("attention", in -> AttentionTransfer.distance(in, teacher, 2, distance), x);
        check("attention cubed", in -> AttentionTransfer.distance(in, teacher, 3, distance), x);
        Tensor dead = Tensor.zeros(2, 3, 4, 4).requiresGrad(true);
        Tensor loss = AttentionTransfer.distance(dead, Tensor.ones(2, 1, 4, 4), 2, distance);
        assertThat(Autograd.grad(loss, dead)[0].isFinite().all().item()).isEqualTo(1);
    }

    @Test
    void selectivityByPlainLoops() {
        Tensor s = normal(1, 2, 3, 2, 2);
        Tensor t = normal(2, 2, 5, 2, 2);
        double expected = 0;
        for (int b = 0; b < 2; b++) {
            double[] own = s.select(0, b).toDoubles();
            double[] wanted = t.select(0, b).toDoubles();
            expected += kernel(own, own) + kernel(wanted, wanted) - 2 * kernel(own, wanted);
        }
        assertThat(NeuronSelectivity.discrepancy(s, t).item()).isCloseTo(expected, within(CLOSE));
        assertThat(expected).isPositive();
    }

    /// Mean of (aᵢ · bⱼ)² over rows of 4, divided by their lengths.
    private static double kernel(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i += 4) {
            for (int j = 0; j < b.length; j += 4) {
                double ab = 0;
                double aa = 0;
                double bb = 0;
                for (int d = 0; d < 4; d++) {
                    ab += a[i + d] * b[j + d];
                    aa += a[i + d] * a[i + d];
                    bb += b[j + d] * b[j + d];
                }
                sum += ab * ab / (aa * bb);
            }
        }
        return sum / (a.length / 4.0 * (b.length / 4.0));
    }

    @Test
    void selectivityDoesNotSeeOrderAndScaleOfChannels() {
        Tensor x = normal(1, 2, 4, 3, 3);
        Tensor moved = x.flip(1).mul(Tensor.of(new double[] {1, -2, 3, 4}, 1, 4, 1, 1));
        assertThat(NeuronSelectivity.discrepancy(moved, x).item()).isCloseTo(0, within(CLOSE));
        check("selectivity", in -> NeuronSelectivity.discrepancy(in, normal(2, 2, 5, 6, 6)), x);
    }

    @Test
    void boundariesByHand() {
        // Off: (1 + .5)² and max(0, 1 − 3)²; on: (1 − .5)² and max(0, 1 − 3)².
        Tensor student = Tensor.of(new double[] {.5, -3, .5, 3}, 1, 4);
        Tensor teacher = Tensor.of(new double[] {-9, 0, .1, 7}, 1, 4);
        assertThat(ActivationBoundaries.penalty(student, teacher, 1).item()).isCloseTo(2.25 + .25, within(CLOSE));
        // Only signs of the teacher count.
        assertThat(ActivationBoundaries.penalty(student, teacher.mul(5.0), 1).item())
                .isCloseTo(2.5, within(CLOSE));
        check("boundaries", in -> ActivationBoundaries.penalty(in, normal(2, 3, 4), 1), normal(1, 3, 4));
    }

    @Test
    void boundariesComeFirst() {
        assertThat(new ActivationBoundaries(PAIR).stages())
                .extracting(Stage::name)
                .containsExactly("boundaries", "response");
        assertThat(new ActivationBoundaries(PAIR)
                        .stages()
                        .getFirst()
                        .objective()
                        .needs())
                .hasSize(2);
        assertThat(new ActivationBoundaries(PAIR, 1, 1, FitNet.Order.JOINT, LABELS).stages())
                .hasSize(1);
    }

    @Test
    void marginIsTheMeanOfWhatIsNegative() {
        BatchNorm norm = new BatchNorm(4);
        norm.weight().set(Tensor.of(new float[] {1, -2, .1f, 1}, 4));
        norm.bias().set(Tensor.of(new float[] {0, 1, 5, -10}, 4));
        List<Double> margins = Ofd.margins(norm);
        assertThat(margins.get(0)).isCloseTo(-Math.sqrt(2 / Math.PI), within(1e-9));
        // By a Riemann sum of x · density over x < 0.
        double mass = 0;
        double mean = 0;
        for (double x = -20; x < 0; x += 1e-3) {
            double density = Math.exp(-(x - 1) * (x - 1) / 8);
            mass += density;
            mean += x * density;
        }
        assertThat(margins.get(1)).isCloseTo(mean / mass, within(2e-3));
        assertThat(margins.get(2)).as("hardly ever negative").isCloseTo(-.3, within(1e-6));
        assertThat(margins.get(3)).as("always negative").isCloseTo(-10, within(1e-6));
    }

    @Test
    void partialDistanceByHand() {
        Tensor margins = Tensor.of(new double[] {-1}, 1, 1, 1, 1);
        // t' = −1 (cut), −.5, 2; below t' ≤ 0 costs nothing.
        Tensor teacher = Tensor.of(new double[] {-3, -3, -.5, -.5, 2, 2}, 1, 1, 2, 3);
        Tensor student = Tensor.of(new double[] {-2, 1, -.6, 0, 1, -1}, 1, 1, 2, 3);
        double expected = 0 + 4 + 0 + .25 + 1 + 9;
        assertThat(Ofd.partialDistance(student, teacher, margins).item()).isCloseTo(expected, within(CLOSE));
        check(
                "margin",
                in -> Ofd.partialDistance(in, normal(2, 2, 3, 2, 2), Tensor.full(-.5, DType.F64, 1, 3, 1, 1)),
                normal(1, 2, 3, 2, 2));
    }

    @Test
    void contextByHand() {
        // 2 x 2 maps: mse plus half of the squared difference of means, over 1.5.
        Tensor a = Tensor.of(new double[] {1, 2, 3, 4}, 1, 1, 2, 2);
        Tensor b = Tensor.of(new double[] {1, 0, 0, 0}, 1, 1, 2, 2);
        double mse = (0 + 4 + 9 + 16) / 4.0;
        double means = Math.pow(2.5 - .25, 2);
        assertThat(ReviewKd.hierarchicalContext(a, b).item()).isCloseTo((mse + means / 2) / 1.5, within(CLOSE));
        // A constant difference costs its square at every size.
        Tensor x = normal(1, 3, 2, 8, 8);
        assertThat(ReviewKd.hierarchicalContext(x.add(3), x).item()).isCloseTo(3 * 9, within(1e-9));
        check("context", in -> ReviewKd.hierarchicalContext(in, x), normal(2, 3, 2, 8, 8));
    }

    @Test
    void reviewGivesTheTeachersShapes() {
        List<Shape> own = List.of(Shape.of(3, 8, 6), Shape.of(5, 4, 3), Shape.of(7, 1, 1));
        List<Shape> wanted = List.of(Shape.of(4, 16, 12), Shape.of(6, 4, 3), Shape.of(9, 1, 1));
        ReviewFusion fusion = new ReviewFusion(own, wanted, 7, new Rng(1));
        Tensor[] outputs = fusion.call(own.stream().map(shape -> maps(shape)).toList());
        for (int l = 0; l < 3; l++) {
            assertThat(outputs[l].select(0, 0).shape()).isEqualTo(wanted.get(l));
        }
        // Deep features help shallow ones, not the other way round.
        Tensor shallow = maps(own.get(0)).requiresGrad(true);
        Tensor deep = maps(own.get(2)).requiresGrad(true);
        Tensor[] again = fusion.call(List.of(shallow, maps(own.get(1)), deep));
        assertThat(Autograd.grad(again[0].square().mul(again[0]).sum(), deep)[0]
                        .abs()
                        .sum()
                        .item())
                .isPositive();
        assertThat(fusion.call(List.of(shallow.mul(5.0), maps(own.get(1)), deep))[2].toFloats())
                .containsExactly(again[2].toFloats());
    }

    private static Tensor maps(Shape shape) {
        return Random.normal(new Rng(shape.numel()), 4, shape.dim(0), shape.dim(1), shape.dim(2));
    }

    @Test
    void flowByHand() {
        Tensor a = Tensor.of(new double[] {1, 2, 3, 4}, 1, 1, 2, 2);
        Tensor b = Tensor.of(new double[] {10, -1}, 1, 2, 1, 1); // a is pooled to its mean 2.5
        assertThat(Fsp.matrix(a, b).toDoubles()).containsExactly(25, -2.5);
        Tensor c = Tensor.of(new double[] {1, 0, 0, 2}, 1, 1, 2, 2);
        assertThat(Fsp.matrix(a, c).item()).isCloseTo((1 + 8) / 4.0, within(CLOSE));
        check("flow", in -> Fsp.matrix(in, normal(2, 2, 2, 2, 2)).square().sum(), normal(1, 2, 3, 4, 4));
        assertThat(Fsp.between(List.of(PAIR.getFirst(), PAIR.getFirst(), PAIR.getFirst())))
                .hasSize(2);
        assertThat(new Fsp(Fsp.between(List.of(PAIR.getFirst(), PAIR.getFirst())), 1, FitNet.Order.STAGED, LABELS)
                        .stages())
                .extracting(Stage::name)
                .containsExactly("flow", "response");
    }

    @Test
    void classAttentionByHand() {
        Tensor own = Tensor.of(new double[] {3, 3, 3, 3, 4, 4, 4, 4}, 1, 2, 2, 2);
        Tensor wanted = Tensor.of(new double[] {1, 1, 1, 1, 2, 2, 2, 2}, 1, 2, 2, 2);
        CatKd plain = new CatKd();
        assertThat(plain.squaredDistance(own, wanted).item()).isCloseTo(4, within(CLOSE));
        CatKd places = new CatKd(2, true, 1, LABELS);
        assertThat(places.squaredDistance(own, wanted).item()).isCloseTo(0, within(CLOSE));
        assertThat(places.squaredDistance(normal(1, 2, 3, 4, 4), normal(2, 2, 3, 8, 8))
                        .item())
                .isPositive();
        check("classes", in -> places.squaredDistance(in, normal(2, 2, 3, 8, 8)), normal(1, 2, 3, 4, 4));
    }

    @Test
    void classMapsAverageToTheLogits() {
        SmallCnn cnn = new SmallCnn(SmallCnn.Config.of(1, 3, 4, 5), new Rng(1));
        cnn.eval();
        ClassMaps network = new ClassMaps(cnn, Tap.output("body.stage2"), "linear");
        network.eval();
        Tensor x = Random.normal(new Rng(2), 2, 1, 8, 8);
        Tensor[] seen = new Tensor[1];
        try (var _ = network.module("maps").hook((module, inputs, outputs) -> seen[0] = outputs[0])) {
            float[] logits = network.call(x).toFloats();
            assertThat(logits).containsExactly(cnn.call(x).toFloats());
            assertThat(seen[0].shape()).isEqualTo(Shape.of(2, 3, 4, 4));
            float[] means = seen[0].mean(false, 2, 3).toFloats();
            for (int i = 0; i < logits.length; i++) {
                assertThat(means[i]).isCloseTo(logits[i], within(1e-5f));
            }
        }
        assertThat(network.network()).isSameAs(cnn);
        assertThatThrownBy(() -> new ClassMaps(cnn, Tap.output("body.stage2"), "body"))
                .hasMessageContaining("a linear classifier at body, got Sequential");
    }

    @Test
    void reusedClassifierIsTheTeachersAndIsNotTrained() {
        Linear head = new Linear(6, 3, new Rng(1));
        SmallCnn cnn = new SmallCnn(SmallCnn.Config.of(1, 3, 4, 5), new Rng(2));
        ReusedClassifier student = new ReusedClassifier(cnn, Tap.output("body.stage2"), 5, head, 2, new Rng(3));
        student.eval();
        Tensor x = Random.normal(new Rng(2), 2, 1, 8, 8);
        Tensor[] seen = new Tensor[1];
        try (var _ = student.module("projector").hook((module, inputs, outputs) -> seen[0] = outputs[0])) {
            float[] logits = student.call(x).toFloats();
            assertThat(head.call(seen[0].mean(false, 2, 3)).toFloats()).containsExactly(logits);
        }
        assertThat(student.namedBuffers()).containsKeys("weight", "bias");
        assertThat(student.namedParameters()).doesNotContainKeys("weight", "bias");
        head.weight().set(Tensor.zeros(3, 6));
        assertThat(student.call(x).abs().sum().item()).as("a copy").isPositive();
        assertThatThrownBy(() -> new ReusedClassifier(cnn, Tap.output("body.stage2"), 5, head, 7, new Rng(3)))
                .hasMessageContaining("a reduction from 1 to the teacher's 6 channels, got 7");
    }

    @Test
    void reusedFeaturesByHand() {
        Tensor student = Tensor.of(new double[] {1, 3, 5, 7}, 1, 1, 2, 2); // mean 4
        Tensor teacher = Tensor.of(new double[] {1}, 1, 1, 1, 1);
        assertThat(SimKd.squaredError(student, teacher).item()).isCloseTo(9, within(CLOSE));
        assertThat(SimKd.squaredError(student, student.add(2)).item()).isCloseTo(4, within(CLOSE));
        check("features", in -> SimKd.squaredError(in, normal(2, 2, 3, 2, 2)), normal(1, 2, 3, 4, 4));
    }

    @Test
    void channelsByPlainLoops() {
        Tensor s = normal(1, 2, 3, 2, 2);
        Tensor t = normal(2, 2, 3, 2, 2);
        double expected = 0;
        double[] own = s.toDoubles();
        double[] wanted = t.toDoubles();
        for (int row = 0; row < own.length; row += 4) {
            double sumOwn = 0;
            double sumWanted = 0;
            for (int d = row; d < row + 4; d++) {
                sumOwn += Math.exp(own[d] / 2);
                sumWanted += Math.exp(wanted[d] / 2);
            }
            for (int d = row; d < row + 4; d++) {
                double p = Math.exp(wanted[d] / 2) / sumWanted;
                expected += p * Math.log(p * sumOwn / Math.exp(own[d] / 2)) * 4 / 3;
            }
        }
        assertThat(ChannelWise.divergence(s, t, 2).item()).isCloseTo(expected, within(CLOSE));
        // Levels of channels do not matter.
        Tensor levels = Tensor.of(new double[] {5, -5, 50}, 1, 3, 1, 1);
        assertThat(ChannelWise.divergence(t.add(levels), t, 2).item()).isCloseTo(0, within(CLOSE));
        check("channels", in -> ChannelWise.divergence(in, normal(2, 2, 3, 4, 4), 3), s);
        assertThatThrownBy(() -> new ChannelWise(TAP, TAP, 0, 1, LABELS)).hasMessageContaining("positive temperature");
    }

    /// Sums over two micro-batches and their counts are those of the batch, also of a ragged cut.
    @Test
    void microBatchesAddUp() {
        Setup setup = FeatureSetup.of(TAP, Shape.of(3, 4, 4), Shape.of(3, 4, 4));
        List<Fsp.Flow> flows = List.of(new Fsp.Flow(PAIR.getFirst(), PAIR.getFirst()));
        for (DistillationMethod method : List.of(
                new AttentionTransfer(PAIR),
                new AttentionTransfer(PAIR, 2, AttentionTransfer.Distance.EUCLIDEAN, 1, LABELS),
                new NeuronSelectivity(PAIR),
                new ActivationBoundaries(PAIR),
                new ChannelWise(TAP, TAP),
                new Fsp(flows))) {
            LossTerm term = method.terms(setup).get(1).loss();
            Tensor own = normal(1, 5, 3, 4, 4);
            Tensor wanted = normal(2, 5, 3, 4, 4);
            double parts = 0;
            double count = 0;
            for (int[] cut : new int[][] {{0, 2}, {2, 3}}) {
                StepBatch batch = Steps.batch(new long[cut[1]]);
                Tensor shown = own.narrow(0, cut[0], cut[1]);
                parts += term.sum(Steps.features(batch, TAP, shown, wanted.narrow(0, cut[0], cut[1])))
                        .item();
                count += term.count(batch);
            }
            StepBatch all = Steps.batch(new long[5]);
            double whole = term.sum(Steps.features(all, TAP, own, wanted)).item();
            assertThat(parts / count).as(method.name()).isCloseTo(whole / term.count(all), within(1e-9));
            assertThat(whole).as(method.name()).isPositive();
        }
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new AttentionTransfer(List.of())).hasMessageContaining("at: expected at least 1");
        assertThatThrownBy(() -> new AttentionTransfer(PAIR, .5, AttentionTransfer.Distance.SQUARED, 1, LABELS))
                .hasMessageContaining("power of at least 1, got 0.5");
        assertThatThrownBy(() -> new NeuronSelectivity(PAIR, Double.POSITIVE_INFINITY, LABELS))
                .hasMessageContaining("nst");
        assertThatThrownBy(() -> new ActivationBoundaries(PAIR, 0, 1, FitNet.Order.JOINT, LABELS))
                .hasMessageContaining("positive margin, got 0");
        assertThatThrownBy(() -> new Ofd(List.of())).hasMessageContaining("ofd");
        assertThatThrownBy(() -> new Ofd.Level(PAIR.getFirst(), List.of(.5))).hasMessageContaining("at most 0");
        assertThatThrownBy(
                        () -> Ofd.margins(new BatchNorm(BatchNorm.Config.of(2).withoutAffine())))
                .hasMessageContaining("weight and bias");
        assertThatThrownBy(() -> new ReviewKd(PAIR, 1, 0, LABELS)).hasMessageContaining("at least 1 epoch, got 0");
        assertThatThrownBy(() -> new Fsp(List.of())).hasMessageContaining("at least one flow");
        assertThatThrownBy(() -> Fsp.between(PAIR)).hasMessageContaining("at least 2 pairs");
        assertThatThrownBy(() -> new CatKd(0, true, 1, LABELS)).hasMessageContaining("grid of at least 1");
        assertThatThrownBy(() -> new SimKd(TAP, -2, LABELS)).hasMessageContaining("simkd");
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        Setup vectors = FeatureSetup.of(TAP, Shape.of(4), Shape.of(3));
        assertThatThrownBy(() -> new AttentionTransfer(PAIR).terms(vectors))
                .hasMessageContaining("at: expected maps [C, H, W]")
                .hasMessageContaining("[4] in the student");
        Setup maps = FeatureSetup.of(TAP, Shape.of(4, 2, 2), Shape.of(3, 4, 4));
        assertThatThrownBy(() -> new Fsp(List.of(new Fsp.Flow(PAIR.getFirst(), PAIR.getFirst()))).terms(maps))
                .hasMessageContaining("got 4 in the student and 3 in the teacher");
        Ofd.Level level = new Ofd.Level(PAIR.getFirst(), List.of(-1.0, -1.0, -1.0));
        assertThatThrownBy(() -> new Ofd(List.of(level)).terms(maps)).hasMessageContaining("equal extent");
        Setup equal = FeatureSetup.of(TAP, Shape.of(4, 2, 2), Shape.of(2, 2, 2));
        assertThatThrownBy(() -> new Ofd(List.of(level)).terms(equal))
                .hasMessageContaining("each of the teacher's 2 channels")
                .hasMessageContaining("got 3");
    }
}
