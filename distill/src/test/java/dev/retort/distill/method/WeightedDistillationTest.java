package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.EpochStart;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.estimate.DebiasWeights;
import dev.retort.distill.estimate.DebiasWeights.Estimator;
import dev.retort.distill.estimate.DebiasWeights.Feature;
import dev.retort.distill.estimate.Fidelity;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WeightedDistillationTest {
    /// E[w l_T] = l_true, for any loss: of classes, or of vectors.
    @Test
    void theWeightedLossIsUnbiased() {
        Rng rng = new Rng(3);
        for (int trial = 0; trial < 500; trial++) {
            double p = rng.nextDouble();
            double trueLoss = -Math.log(rng.nextDouble());
            double wrongLoss = trial % 2 == 0 ? -Math.log(rng.nextDouble()) : squaredDistance(rng);
            double w = DebiasWeights.exact(p, wrongLoss / trueLoss);
            assertThat((1 - p) * w * trueLoss + p * w * wrongLoss).isCloseTo(trueLoss, within(1e-12 * (1 + trueLoss)));
        }
    }

    private static double squaredDistance(Rng rng) {
        double sum = 0;
        for (int d = 0; d < 4; d++) {
            double difference = 1.4 * rng.nextGaussian();
            sum += difference * difference / 4;
        }
        return sum;
    }

    @Test
    void noErrorOrNoDistortionIsWeightOne() {
        assertThat(DebiasWeights.exact(0, 17)).isEqualTo(1);
        assertThat(DebiasWeights.exact(.3, 1)).isEqualTo(1);
        assertThat(DebiasWeights.exact(.3, 5)).isLessThan(1);
        assertThat(DebiasWeights.exact(.3, .2)).isGreaterThan(1);
    }

    private static Confidence random(long seed, int rows, int classes) {
        return Confidence.ofLogits(Random.normal(new Rng(seed), 0, 2, DType.F64, rows, classes));
    }

    @Test
    void allNeighboursGiveTheGlobalRatio() {
        Confidence teacher = random(1, 20, 3);
        Confidence student = random(2, 20, 3);
        double[] trueLoss = uniform(3, 20);
        double[] teacherLoss = uniform(4, 20);
        boolean[] wrong = new boolean[20];
        Arrays.fill(wrong, 0, 7, true);
        DebiasWeights.Config config =
                DebiasWeights.Config.defaults().withNeighbours(20).withLimits(0, Double.POSITIVE_INFINITY);
        double[] weights = DebiasWeights.fit(teacher, student, trueLoss, teacherLoss, wrong, config)
                .at(random(5, 4, 3), random(6, 4, 3));
        double ratio =
                Arrays.stream(trueLoss).sum() / Arrays.stream(teacherLoss).sum();
        assertThat(weights).containsExactly(new double[] {ratio, ratio, ratio, ratio}, within(1e-12));
    }

    private static double[] uniform(long seed, int count) {
        Rng rng = new Rng(seed);
        return java.util.stream.IntStream.range(0, count)
                .mapToDouble(i -> .1 + rng.nextDouble())
                .toArray();
    }

    /// Two groups far apart in the plane: each sample gets the ratio of its own group.
    @ParameterizedTest
    @EnumSource(Feature.class)
    void neighboursAreFoundByHowSureBothAre(Feature feature) {
        Tensor sure = Tensor.of(new double[] {6, 0}, 1, 2);
        Tensor unsure = Tensor.of(new double[] {.1, 0}, 1, 2);
        Tensor[] teacher = new Tensor[10];
        double[] trueLoss = new double[10];
        double[] teacherLoss = new double[10];
        for (int v = 0; v < 10; v++) {
            teacher[v] = v % 2 == 0 ? sure : unsure;
            trueLoss[v] = 1;
            teacherLoss[v] = v % 2 == 0 ? 1 : 4;
        }
        Confidence said = Confidence.ofLogits(Tensor.cat(0, teacher));
        DebiasWeights.Config config = DebiasWeights.Config.defaults().withFeature(feature);
        DebiasWeights fitted = DebiasWeights.fit(said, said, trueLoss, teacherLoss, new boolean[10], config);
        Confidence two = Confidence.ofLogits(Tensor.cat(0, unsure, sure));
        assertThat(fitted.at(two, two)).containsExactly(new double[] {.25, 1}, within(1e-12));
    }

    /// One neighbourhood with an error rate of 0.3, 20 validation samples: two estimators are nearly
    /// unbiased, one is too small, one too large.
    @Test
    void estimatorsHaveTheKnownBiases() {
        Rng rng = new Rng(8);
        Map<Estimator, double[]> sums = new EnumMap<>(Estimator.class);
        double allTrue = 0;
        double allTeacher = 0;
        int rounds = 3000;
        for (int round = 0; round < rounds; round++) {
            double[] trueLoss = new double[20];
            double[] teacherLoss = new double[20];
            boolean[] wrong = new boolean[20];
            for (int v = 0; v < 20; v++) {
                double f = 1 / (1 + Math.exp(-1 - rng.nextGaussian()));
                wrong[v] = rng.nextDouble() < .3;
                trueLoss[v] = -Math.log(f);
                teacherLoss[v] = wrong[v] ? -Math.log(1 - f) : trueLoss[v];
                allTrue += trueLoss[v];
                allTeacher += teacherLoss[v];
            }
            Confidence any = Confidence.ofLogits(Tensor.zeros(20, 2));
            Confidence one = Confidence.ofLogits(Tensor.zeros(1, 2));
            for (Estimator estimator : Estimator.values()) {
                DebiasWeights.Config config =
                        new DebiasWeights.Config(estimator, Feature.MARGIN, 20, 0, Double.POSITIVE_INFINITY);
                sums.computeIfAbsent(estimator, e -> new double[1])[0] += DebiasWeights.fit(
                                any, any, trueLoss, teacherLoss, wrong, config)
                        .at(one, one)[0];
            }
        }
        double target = allTrue / allTeacher;
        assertThat(mean(sums, Estimator.RATIO_OF_SUMS, rounds)).isCloseTo(target, within(.04));
        assertThat(mean(sums, Estimator.RATE_AND_DISTORTION, rounds)).isCloseTo(target, within(.04));
        assertThat(mean(sums, Estimator.RATE_AND_MEAN_RATIO, rounds)).isLessThan(target - .05);
        assertThat(mean(sums, Estimator.POINTWISE_MEAN, rounds)).isGreaterThan(target + .2);
    }

    private static double mean(Map<Estimator, double[]> sums, Estimator estimator, int rounds) {
        return sums.getOrDefault(estimator, new double[1])[0] / rounds;
    }

    @Test
    void aTeacherThatIsAlwaysRightGivesUnweightedDistillation() {
        Tensor teacher = Tensor.of(new double[] {4, 0, 0, 0, 3, 0, 0, 0, 2, 5, 0, 0}, 4, 3);
        long[] truth = {0, 1, 2, 0};
        Confidence said = Confidence.ofLogits(teacher);
        for (Estimator estimator : Estimator.values()) {
            WeightedDistillation method = new WeightedDistillation()
                    .withWeights(DebiasWeights.Config.defaults().withEstimator(estimator));
            double[] weights = method.weights(said, random(1, 4, 3), truth, random(2, 6, 3), random(3, 6, 3));
            assertThat(weights).as(estimator.name()).containsOnly(new double[] {1}, within(1e-12));
        }
    }

    /// Weights are 1 in the first epoch, then those of the student as it is.
    @Test
    void weightsFollowTheStudent() {
        Tensor teacher = Random.normal(new Rng(4), 0, 2, DType.F64, 12, 3);
        Tensor validation = Random.normal(new Rng(5), 0, 2, DType.F64, 9, 3);
        long[] truth = {0, 1, 2, 0, 1, 2, 0, 1, 2};
        long[] labels = new long[12];
        Arrays.fill(labels, -1);
        labels[0] = 2;
        Setup setup = new Setup(Map.of(), Map.of(), 3, labels, teacher, validation, truth, new Rng(1));
        WeightedDistillation method = new WeightedDistillation();
        LossTerm loss = method.terms(setup).getFirst().loss();
        Tensor z = Random.normal(new Rng(6), 0, 1, DType.F64, 12, 3);
        Tensor zv = Random.normal(new Rng(7), 0, 1, DType.F64, 9, 3);
        int[] all = java.util.stream.IntStream.range(0, 12).toArray();
        double before = loss.sum(Steps.of(Steps.batch(labels, all), z, teacher)).item();
        loss.beforeEpoch(new EpochStart(1, () -> z, () -> zv));
        assertThat(loss.sum(Steps.of(Steps.batch(labels, all), z, teacher)).item())
                .isEqualTo(before);
        loss.beforeEpoch(new EpochStart(2, () -> z, () -> zv));
        double[] weights = method.weights(
                Confidence.ofLogits(validation),
                Confidence.ofLogits(zv),
                truth,
                Confidence.ofLogits(teacher),
                Confidence.ofLogits(z));
        Confidence student = Confidence.ofLogits(z);
        Confidence said = Confidence.ofLogits(teacher);
        double expected = student.crossEntropy(0, 2);
        for (int i = 1; i < 12; i++) {
            expected += weights[i] * student.crossEntropy(i, said.top(i));
        }
        assertThat(loss.sum(Steps.of(Steps.batch(labels, all), z, teacher)).item())
                .isCloseTo(expected, within(1e-9));
        assertThat(Arrays.stream(weights).min().orElse(1))
                .as("the teacher errs")
                .isLessThan(.99);
    }

    /// Held-out data on which the teacher errs more where it is unsure: weights remove most of its bias.
    @Test
    void theWeightedRiskIsCloseToTheCleanOneOnHeldOutData() {
        Rng rng = new Rng(12);
        Sides validation = new Sides(2000, rng.fork(1));
        Sides pool = new Sides(4000, rng.fork(2));
        WeightedDistillation method = new WeightedDistillation();
        double[] weights =
                method.weights(validation.teacher, validation.student, validation.truth, pool.teacher, pool.student);
        double[] trueLoss = new double[4000];
        double[] teacherLoss = new double[4000];
        boolean[] wrong = new boolean[4000];
        for (int i = 0; i < 4000; i++) {
            trueLoss[i] = pool.student.crossEntropy(i, (int) pool.truth[i]);
            teacherLoss[i] = method.loss(pool.teacher, pool.student, i);
            wrong[i] = pool.teacher.top(i) != pool.truth[i];
        }
        Fidelity fidelity = Fidelity.of(trueLoss, teacherLoss, wrong, weights);
        assertThat(fidelity.remaining()).isLessThan(.25);
        assertThat(fidelity.weightWrong()).isLessThan(fidelity.weightRight() - .1);
        double[] ones = new double[4000];
        Arrays.fill(ones, 1);
        assertThat(Fidelity.of(trueLoss, teacherLoss, wrong, ones).remaining()).isCloseTo(1, within(1e-12));
        assertThatThrownBy(() -> Fidelity.of(trueLoss, teacherLoss, wrong, new double[1]))
                .hasMessageContaining("and 1");
    }

    /// A teacher whose margin tells its error rate, and a student that is mostly right.
    private static final class Sides {
        final Confidence teacher;
        final Confidence student;
        final long[] truth;

        Sides(int count, Rng rng) {
            double[] t = new double[2 * count];
            double[] s = new double[2 * count];
            truth = new long[count];
            for (int i = 0; i < count; i++) {
                truth[i] = rng.nextInt(2);
                double sure = 3 * rng.nextDouble();
                boolean wrong = rng.nextDouble() < .5 * Math.exp(-sure);
                t[2 * i + (int) (wrong ? 1 - truth[i] : truth[i])] = sure;
                s[2 * i + (int) truth[i]] = 1 + rng.nextGaussian();
            }
            teacher = Confidence.ofLogits(Tensor.of(t, count, 2));
            student = Confidence.ofLogits(Tensor.of(s, count, 2));
        }
    }

    /// The three points on which vanilla distillation fails: with the exact weights all are learnt.
    @Test
    void weightsLearnWhatVanillaDistillationCannot() {
        double[][] x = {{.2, .9}, {.9, -.3}, {-.2, .9}};
        double[] mass = {.1, .3, .6};
        double[] alpha = {.55, .95, .98};
        double[] truth = {1, 1, 0};
        double[] w = new double[2];
        for (int step = 0; step < 400_000; step++) {
            double[] move = new double[2];
            for (int i = 0; i < 3; i++) {
                double f = 1 / (1 + Math.exp(-(w[0] * x[i][0] + w[1] * x[i][1])));
                double right = truth[i] == 1 ? f : 1 - f;
                double weight = DebiasWeights.exact(1 - alpha[i], Math.log(1 - right) / Math.log(right));
                double label = alpha[i] * truth[i] + (1 - alpha[i]) * (1 - truth[i]);
                move[0] += mass[i] * weight * (f - label) * x[i][0];
                move[1] += mass[i] * weight * (f - label) * x[i][1];
            }
            w[0] -= move[0];
            w[1] -= move[1];
        }
        double[] f = Arrays.stream(x)
                .mapToDouble(p -> 1 / (1 + Math.exp(-(w[0] * p[0] + w[1] * p[1]))))
                .toArray();
        assertThat(f[0]).as("vanilla gives 0.301").isGreaterThan(.5).isCloseTo(.55, within(.02));
        assertThat(f[1]).isGreaterThan(.99);
        assertThat(f[2]).isLessThan(.05);
    }

    @Test
    void badArgumentsAreNamed() {
        assertThatThrownBy(() -> new DebiasWeights.Config(Estimator.RATIO_OF_SUMS, Feature.MARGIN, -1, 0, 1))
                .hasMessageContaining("got -1");
        assertThatThrownBy(() -> DebiasWeights.Config.defaults().withLimits(0, .5))
                .hasMessageContaining("0.5");
        Confidence two = random(1, 2, 2);
        assertThatThrownBy(() -> DebiasWeights.fit(
                        two,
                        two,
                        new double[] {1, Double.NaN},
                        new double[2],
                        new boolean[2],
                        DebiasWeights.Config.defaults()))
                .hasMessageContaining("NaN at 1");
        assertThatThrownBy(() -> DebiasWeights.fit(
                        two, two, new double[1], new double[2], new boolean[2], DebiasWeights.Config.defaults()))
                .hasMessageContaining("2, 2, 1, 2 and 2");
        assertThatThrownBy(() -> new WeightedDistillation(TeacherLabel.HARD, DebiasWeights.Config.defaults(), 0, 1))
                .hasMessageContaining("warm-up");
    }
}
