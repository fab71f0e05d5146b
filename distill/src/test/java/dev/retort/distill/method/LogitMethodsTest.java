package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradCheck;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.EpochStart;
import dev.retort.distill.LossTerm;
import dev.retort.distill.Setup;
import dev.retort.distill.Step;
import dev.retort.distill.StepBatch;
import dev.retort.distill.Term;
import dev.retort.distill.feature.Tap;
import dev.retort.nn.Module;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Losses on logits against plain loops over doubles.
class LogitMethodsTest {
    private static final double CLOSE = 1e-9;
    private static final int ROWS = 4;
    private static final int WIDE = 5;
    private static final int[] CLASSES = {2, 0, 4, 1};

    private final Tensor student = Random.normal(new Rng(1), 0, 2, DType.F64, ROWS, WIDE);
    private final Tensor teacher = Random.normal(new Rng(2), 0, 2, DType.F64, ROWS, WIDE);
    private final Tensor classes = Tensor.of(new long[] {2, 0, 4, 1});

    private static double[] row(Tensor x, int i) {
        return x.select(0, i).toDoubles();
    }

    private static double[] softmax(double[] z, double temperature) {
        double[] p = new double[z.length];
        double sum = 0;
        for (int j = 0; j < z.length; j++) {
            p[j] = Math.exp(z[j] / temperature);
            sum += p[j];
        }
        for (int j = 0; j < z.length; j++) {
            p[j] /= sum;
        }
        return p;
    }

    private static double[] without(double[] z, int out) {
        return IntStream.range(0, z.length)
                .filter(j -> j != out)
                .mapToDouble(j -> z[j])
                .toArray();
    }

    private static double cross(double[] p, double[] q) {
        double sum = 0;
        for (int j = 0; j < p.length; j++) {
            sum -= p[j] * Math.log(q[j]);
        }
        return sum;
    }

    private static double kl(double[] p, double[] q) {
        return cross(p, q) - cross(p, p);
    }

    private static double deviation(double[] z) {
        double mean = IntStream.range(0, z.length).mapToDouble(j -> z[j]).sum() / z.length;
        double squares = IntStream.range(0, z.length)
                .mapToDouble(j -> (z[j] - mean) * (z[j] - mean))
                .sum();
        return Math.sqrt(squares / (z.length - 1));
    }

    private static double pearson(double[] a, double[] b) {
        double ma = 0;
        double mb = 0;
        for (int j = 0; j < a.length; j++) {
            ma += a[j] / a.length;
            mb += b[j] / b.length;
        }
        double ab = 0;
        double aa = 0;
        double bb = 0;
        for (int j = 0; j < a.length; j++) {
            ab += (a[j] - ma) * (b[j] - mb);
            aa += (a[j] - ma) * (a[j] - ma);
            bb += (b[j] - mb) * (b[j] - mb);
        }
        return ab / Math.sqrt(aa * bb);
    }

    private static Setup setup(int samples) {
        return new Setup(Map.of(), Map.of(), WIDE, new long[samples], null, null, new long[0], new Rng(1));
    }

    private static LossTerm term(DistillationMethod method, String name) {
        return method.terms(setup(ROWS)).stream()
                .filter(t -> t.name().equals(name))
                .findFirst()
                .map(Term::loss)
                .orElseThrow();
    }

    private static Step step(int epoch, StepBatch batch, Tensor student, Tensor teacher) {
        return new Step(
                batch,
                epoch,
                new Rng(0),
                List.of(List.of(Map.of(Tap.LOGITS, student))),
                List.of(Map.of(Tap.LOGITS, teacher)),
                null);
    }

    private static void close(Tensor rows, int i, double expected) {
        assertThat(rows.get(i)).as("row " + i).isCloseTo(expected, within(CLOSE));
    }

    /// The paper's identity: plain distillation is the target's part plus 1 − pₜ(y) times the other one.
    @Test
    void dkdIsThePartsOfKd() {
        Tensor kd = HintonKd.divergence(student, teacher, 3);
        Tensor target = Dkd.target(student, teacher, classes, 3);
        Tensor others = Dkd.others(student, teacher, classes, 3);
        for (int i = 0; i < ROWS; i++) {
            double rest = 1 - softmax(row(teacher, i), 3)[CLASSES[i]];
            assertThat(target.get(i) + rest * others.get(i)).isCloseTo(kd.get(i), within(CLOSE));
            double[] s = softmax(without(row(student, i), CLASSES[i]), 3);
            close(others, i, 9 * kl(softmax(without(row(teacher, i), CLASSES[i]), 3), s));
        }
    }

    @Test
    void dkdIsFiniteWhereTheStudentIsCertain() {
        Tensor sure = Tensor.of(new float[] {300, 0, -300}, 1, 3).requiresGrad(true);
        Tensor unsure = Tensor.of(new float[] {1, 2, 3}, 1, 3);
        Tensor first = Tensor.of(new long[] {0});
        Tensor loss = Dkd.target(sure, unsure, first, 1).add(Dkd.others(sure, unsure, first, 1));
        assertThat(loss.item()).isFinite().isPositive();
        assertThat(Autograd.grad(loss.sum(), sure)[0].isFinite().all().item()).isEqualTo(1);
    }

    @Test
    void samplesWithoutLabelTakeTheTeachersClass() {
        Dkd method = new Dkd(2, 1, 1, 1);
        StepBatch some = Steps.batch(2, -1, 4, -1);
        long[] said = teacher.argmax(1).toLongs();
        Tensor expected = Tensor.of(new long[] {2, said[1], 4, said[3]});
        for (String name : List.of("target", "others")) {
            Tensor rows = name.equals("target")
                    ? Dkd.target(student, teacher, expected, 2)
                    : Dkd.others(student, teacher, expected, 2);
            LossTerm loss = term(method, name);
            assertThat(loss.sum(step(1, some, student, teacher)).item())
                    .isCloseTo(rows.sum().item(), within(CLOSE));
            assertThat(loss.count(some)).isEqualTo(4);
        }
    }

    @Test
    void standardisedLogitsDoNotSeeShiftAndScale() {
        double[] unit = Lskd.rows(Tensor.of(new double[] {1, 2, 3}, 1, 3)).toDoubles();
        assertThat(unit).containsExactly(new double[] {-1, 0, 1}, within(1e-12));
        Tensor moved = student.mul(7.0).add(3.0);
        Tensor shifted = teacher.mul(.2).add(-1.0);
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        Map<String, DistillationMethod> methods = Map.of(
                "kd", new HintonKd(2, 1, 1),
                "target", new Dkd(2, 1, 8, 1),
                "others", new Dkd(2, 1, 8, 1),
                "inter", new Dist(),
                "batch", new Mlkd(),
                "classes", new Mlkd());
        for (String name : methods.keySet()) {
            LossTerm loss = term(new Lskd(Objects.requireNonNull(methods.get(name))), name);
            double own = loss.sum(step(1, batch, student, teacher)).item();
            assertThat(loss.sum(step(1, batch, moved, shifted)).item()).isCloseTo(own, within(CLOSE));
        }
        double raw = term(new Dkd(2, 1, 8, 1), "others")
                .sum(step(1, batch, student, teacher))
                .item();
        assertThat(term(new Dkd(2, 1, 8, 1), "others")
                        .sum(step(1, batch, moved, teacher))
                        .item())
                .isNotCloseTo(raw, within(.1));
    }

    @Test
    void lskdIsKdOfStandardisedRows() {
        double expected = 0;
        for (int i = 0; i < ROWS; i++) {
            double[] s = row(student, i);
            double[] t = row(teacher, i);
            expected += 4 * kl(softmax(t, 2 * deviation(t)), softmax(s, 2 * deviation(s)));
        }
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        assertThat(term(new Lskd(new HintonKd(2, 1, 1)), "kd")
                        .sum(step(1, batch, student, teacher))
                        .item())
                .isCloseTo(expected, within(CLOSE));
        Tensor same = Tensor.ones(DType.F32, 1, 3).requiresGrad(true);
        assertThat(Autograd.grad(Lskd.rows(same).square().sum(), same)[0]
                        .isFinite()
                        .all()
                        .item())
                .isEqualTo(1);
    }

    @Test
    void distIsOneMinusPearson() {
        Tensor s = student.softmax(1);
        Tensor t = teacher.softmax(1);
        for (int i = 0; i < ROWS; i++) {
            close(Dist.unlike(s, t, 1), i, 1 - pearson(row(s, i), row(t, i)));
        }
        double intra = 0;
        for (int j = 0; j < WIDE; j++) {
            double expected = 1 - pearson(row(s.t(), j), row(t.t(), j));
            close(Dist.unlike(s, t, 0), j, expected);
            intra += expected / WIDE;
        }
        LossTerm loss = term(new Dist(1, 1, 1), "intra");
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        double mean = loss.sum(step(1, batch, student, teacher)).item() / loss.count(batch);
        assertThat(mean).as("mean over classes").isCloseTo(intra, within(CLOSE));
        assertThat(term(new Dist(2, 1, 1), "inter")
                        .sum(step(1, batch, student.mul(2.0), teacher.mul(2.0)))
                        .item())
                .as("τ² times the loss")
                .isCloseTo(4 * Dist.unlike(s, t, 1).sum().item(), within(CLOSE));
    }

    @Test
    void distDoesNotSeePositiveAffineMaps() {
        for (int dim : new int[] {0, 1}) {
            double own = Dist.unlike(student, teacher, dim).sum().item();
            Tensor moved =
                    Dist.unlike(student.mul(3.0).add(2.0), teacher.mul(.1).add(-4.0), dim);
            assertThat(moved.sum().item()).isCloseTo(own, within(CLOSE));
            assertThat(Dist.unlike(student, student.neg(), dim).get(0)).isCloseTo(2, within(CLOSE));
            assertThat(Dist.unlike(Tensor.ones(DType.F64, ROWS, WIDE), teacher, dim)
                            .get(0))
                    .isCloseTo(1, within(CLOSE));
        }
    }

    @Test
    void nkdLeavesTheTargetOut() {
        Tensor target = Nkd.target(student, teacher, classes);
        Tensor others = Nkd.others(student, teacher, classes, 2);
        for (int i = 0; i < ROWS; i++) {
            int y = CLASSES[i];
            close(target, i, -softmax(row(teacher, i), 1)[y] * Math.log(softmax(row(student, i), 1)[y]));
            double[] t = softmax(without(row(teacher, i), y), 2);
            close(others, i, 4 * cross(t, softmax(without(row(student, i), y), 2)));
        }
    }

    @Test
    void wsldWeighsByHowMuchBetterTheTeacherIs() {
        Tensor rows = Wsld.rows(student, teacher, classes, 2);
        for (int i = 0; i < ROWS; i++) {
            double own = -Math.log(softmax(row(student, i), 1)[CLASSES[i]]);
            double given = -Math.log(softmax(row(teacher, i), 1)[CLASSES[i]]);
            double soft = cross(softmax(row(teacher, i), 2), softmax(row(student, i), 2));
            close(rows, i, (1 - Math.exp(-own / given)) * 4 * soft);
        }
        close(Wsld.weights(student, student, classes), 0, 1 - Math.exp(-1));
        Tensor certain = Tensor.of(new double[] {0, 900}, 1, 2);
        assertThat(Wsld.weights(certain, certain, Tensor.of(new long[] {1})).item())
                .isZero();
    }

    @Test
    void ttmRaisesTheTeacherToAPower() {
        Tensor rows = Ttm.rows(student, teacher, .25);
        Tensor weights = Ttm.weights(teacher, .25);
        double weighted = 0;
        for (int i = 0; i < ROWS; i++) {
            double expected = kl(softmax(row(teacher, i), 4), softmax(row(student, i), 1));
            close(rows, i, expected);
            double u = 0;
            for (double p : softmax(row(teacher, i), 1)) {
                u += Math.pow(p, .25);
            }
            close(weights, i, u);
            weighted += u * expected;
        }
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        assertThat(term(new Ttm(.25, 1, true), "ttm")
                        .sum(step(1, batch, student, teacher))
                        .item())
                .isCloseTo(weighted, within(CLOSE));
        close(Ttm.weights(Tensor.zeros(DType.F64, 1, 16), .5), 0, 4);
    }

    @Test
    void normKdHasATemperatureForEachRow() {
        Tensor rows = NormKd.rows(student, teacher, 2);
        for (int i = 0; i < ROWS; i++) {
            double hot = 2 * deviation(row(teacher, i));
            double own = 2 * deviation(row(student, i));
            close(rows, i, hot * hot * kl(softmax(row(teacher, i), hot), softmax(row(student, i), own)));
            close(NormKd.rows(student.mul(5.0), teacher, 2), i, rows.get(i));
        }
    }

    @Test
    void ctkdClimbsTheLossWithItsTemperature() {
        Ctkd method = new Ctkd(1, 20, 10, .1, .9, Ctkd.Form.GLOBAL);
        assertThat(method.reversal(5)).isCloseTo(.5, within(CLOSE));
        assertThat(method.reversal(10)).isCloseTo(1, within(CLOSE));
        assertThat(method.reversal(40)).isCloseTo(1, within(CLOSE));
        assertThat(method.reversal(1)).isPositive().isLessThan(.03);
        LossTerm loss = term(method, "ctkd");
        Tensor theta = Objects.requireNonNull(loss.adapters())
                .parameters()
                .iterator()
                .next()
                .tensor();
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        Tensor sum = loss.sum(step(5, batch, student, teacher));
        assertThat(sum.item()).isCloseTo(atTheta(1), within(1e-5));
        double slope = (atTheta(1 + 1e-4) - atTheta(1 - 1e-4)) / 2e-4;
        assertThat(Autograd.grad(sum, theta)[0].item()).isCloseTo(-.5 * slope, within(1e-6));
        assertThat(Math.abs(slope)).isGreaterThan(1e-4);
    }

    private double atTheta(double theta) {
        double temperature = 1 + 20 / (1 + Math.exp(-theta));
        return HintonKd.divergence(student, teacher, temperature).sum().item();
    }

    /// The network's part of the gradient has the factor −λ, the student's is that of fixed temperatures.
    @Test
    void ctkdMayHaveATemperatureForEachSample() {
        Ctkd method = new Ctkd(1, 20, 10, .1, .9, Ctkd.Form.INSTANCE);
        LossTerm loss = term(method, "ctkd");
        Map<String, Tensor> state = Objects.requireNonNull(loss.adapters()).stateDict();
        double[][] hidden = new double[WIDE][];
        for (int h = 0; h < WIDE; h++) {
            hidden[h] = row(Objects.requireNonNull(state.get("hidden.weight")), h);
        }
        double[] shift = Objects.requireNonNull(state.get("hidden.bias")).toDoubles();
        double[] last = row(Objects.requireNonNull(state.get("last.weight")), 0);
        double c = Objects.requireNonNull(state.get("last.bias")).item();
        double[] temperatures = new double[ROWS];
        double expected = 0;
        for (int i = 0; i < ROWS; i++) {
            double[] t = row(teacher, i);
            double[] s = row(student, i);
            double theta = c;
            for (int h = 0; h < WIDE; h++) {
                double sum = shift[h];
                for (int j = 0; j < WIDE; j++) {
                    sum += hidden[h][j] * t[j] + hidden[h][WIDE + j] * s[j];
                }
                theta += last[h] * Math.max(0, sum);
            }
            temperatures[i] = 1 + 20 / (1 + Math.exp(-theta));
            expected +=
                    temperatures[i] * temperatures[i] * kl(softmax(t, temperatures[i]), softmax(s, temperatures[i]));
        }
        assertThat(temperatures[0]).isNotCloseTo(temperatures[1], within(1e-3));
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        Tensor z = student.detach().requiresGrad(true);
        Tensor sum = loss.sum(step(5, batch, z, teacher));
        assertThat(sum.item()).isCloseTo(expected, within(1e-4));
        Tensor bias = Objects.requireNonNull(loss.adapters())
                .namedParameters()
                .get("last.bias")
                .tensor();
        Tensor[] found = Autograd.grad(List.of(sum), List.of(z, bias), dev.retort.autograd.GradOptions.defaults());
        double slope = 0;
        for (int i = 0; i < ROWS; i++) {
            double theta = -Math.log(20 / (temperatures[i] - 1) - 1);
            slope += (at(i, theta + 1e-4) - at(i, theta - 1e-4)) / 2e-4;
            Tensor fixed = student.narrow(0, i, 1).detach().requiresGrad(true);
            Tensor alone = HintonKd.divergence(fixed, teacher.narrow(0, i, 1), temperatures[i]);
            double[] own = Autograd.grad(alone.sum(), fixed)[0].toDoubles();
            assertThat(row(found[0], i)).containsExactly(own, within(1e-4));
        }
        assertThat(found[1].item()).isCloseTo(-.5 * slope, within(1e-3));
        assertThat(Math.abs(slope)).isGreaterThan(1e-2);
    }

    private double at(int i, double theta) {
        double temperature = 1 + 20 / (1 + Math.exp(-theta));
        return temperature
                * temperature
                * kl(softmax(row(teacher, i), temperature), softmax(row(student, i), temperature));
    }

    @Test
    void theLabelsSeeTheLogitsAsTheyAre() {
        StepBatch batch = Steps.batch(2, 0, 4, 1);
        LossTerm label = term(new Lskd(new Dkd()), "label");
        double expected = 0;
        for (int i = 0; i < ROWS; i++) {
            expected -= Math.log(softmax(row(student, i), 1)[CLASSES[i]]);
        }
        assertThat(label.sum(step(1, batch, student, teacher)).item()).isCloseTo(expected, within(CLOSE));
        assertThat(new Lskd(new Dkd()).name()).isEqualTo("lskd-dkd");
        assertThat(new Lskd().name()).isEqualTo("lskd");
        assertThat(new Lskd(new Dkd(4, 2, 8, 20)).terms(setup(ROWS)))
                .extracting(t -> t.weight(5))
                .containsExactly(1.0, .5, 2.0);
    }

    @Test
    void standardisedRowsMayBeTokens() {
        Tensor tokens = Lskd.rows(student.reshape(2, 2, WIDE));
        assertThat(tokens.reshape(ROWS, WIDE).toDoubles())
                .containsExactly(Lskd.rows(student).toDoubles(), within(CLOSE));
    }

    @Test
    void mlkdComparesSamplesAndClasses() {
        Mlkd method = new Mlkd(List.of(2.0, 5.0), 1, 1, 1);
        double instance = 0;
        double batch = 0;
        double classes = 0;
        for (double temperature : new double[] {2, 5}) {
            double[][] p = new double[ROWS][];
            double[][] q = new double[ROWS][];
            for (int i = 0; i < ROWS; i++) {
                p[i] = softmax(row(teacher, i), temperature);
                q[i] = softmax(row(student, i), temperature);
                instance += temperature * temperature * kl(p[i], q[i]) / ROWS;
            }
            for (int i = 0; i < ROWS; i++) {
                for (int k = 0; k < ROWS; k++) {
                    double difference = 0;
                    for (int j = 0; j < WIDE; j++) {
                        difference += p[i][j] * p[k][j] - q[i][j] * q[k][j];
                    }
                    batch += difference * difference / ROWS;
                }
            }
            for (int j = 0; j < WIDE; j++) {
                for (int k = 0; k < WIDE; k++) {
                    double difference = 0;
                    for (int i = 0; i < ROWS; i++) {
                        difference += p[i][j] * p[i][k] - q[i][j] * q[i][k];
                    }
                    classes += difference * difference / WIDE;
                }
            }
        }
        Map<String, Double> expected = Map.of("instance", instance, "batch", batch, "classes", classes);
        StepBatch samples = Steps.batch(2, -1, 4, 1);
        expected.forEach((name, value) -> {
            LossTerm loss = term(method, name);
            double mean = loss.sum(step(1, samples, student, teacher)).item() / loss.count(samples);
            assertThat(mean).as(name).isCloseTo(value, within(CLOSE)).isGreaterThan(1e-4);
            assertThat(loss.sum(step(1, samples, teacher, teacher.add(3.0))).item())
                    .isCloseTo(0, within(CLOSE));
            check("mlkd " + name, z -> loss.sum(step(1, samples, z, teacher)));
        });
    }

    @Test
    void theVirtualTeacherIsRightWithAFixedProbability() {
        TeacherFreeKd method = new TeacherFreeKd(.9, 5, .1);
        Tensor rows = method.rows(student, Tensor.of(new long[] {2, -1, 4, 1}));
        for (int i = 0; i < ROWS; i++) {
            double[] d = new double[WIDE];
            java.util.Arrays.fill(d, .1 / (WIDE - 1));
            d[CLASSES[i]] = .9;
            close(rows, i, i == 1 ? 0 : kl(softmax(d, 5), softmax(row(student, i), 5)));
        }
        assertThat(method.terms(setup(4))).extracting(Term::weight).containsExactly(.9, .1);
    }

    @Test
    void annealingGoesFromAPartOfTheLogitsToAllOfThem() {
        AnnealingKd method = new AnnealingKd(4, 2, .5);
        double[] factors =
                IntStream.rangeClosed(1, 9).mapToDouble(method::factor).toArray();
        assertThat(factors).containsExactly(.25, .25, .5, .5, .75, .75, 1, 1, 1);
        double expected = 0;
        for (int i = 0; i < ROWS; i++) {
            for (int j = 0; j < WIDE; j++) {
                expected += Math.pow(student.get(i, j) - .5 * teacher.get(i, j), 2);
            }
        }
        LossTerm loss = term(method, "anneal");
        assertThat(loss.sum(step(3, Steps.batch(0, 0, 0, 0), student, teacher)).item())
                .isCloseTo(expected, within(CLOSE));
        assertThat(method.stages()).extracting(s -> s.name()).containsExactly("anneal", "label");
    }

    @Test
    void binaryAsksEveryLabel() {
        Tensor rows = BinaryKd.rows(student, teacher, 2);
        for (int i = 0; i < ROWS; i++) {
            double expected = 0;
            for (int j = 0; j < WIDE; j++) {
                double s = 1 / (1 + Math.exp(-student.get(i, j) / 2));
                double t = 1 / (1 + Math.exp(-teacher.get(i, j) / 2));
                expected += 4 * kl(new double[] {t, 1 - t}, new double[] {s, 1 - s});
            }
            close(rows, i, expected);
        }
        Tensor far = Tensor.of(new float[] {500, -500}, 1, 2);
        assertThat(BinaryKd.rows(far.neg(), far, 1).item()).isCloseTo(1000, within(1e-3));
    }

    @Test
    void rldTakesTheRankingBelowTheTrueClassOnly() {
        Tensor right = teacher.argmax(1);
        for (int i = 0; i < ROWS; i++) {
            close(
                    Rld.target(student, teacher, right, 2),
                    i,
                    Dkd.target(student, teacher, right, 2).get(i));
            close(
                    Rld.others(student, teacher, right, 2),
                    i,
                    Dkd.others(student, teacher, right, 2).get(i));
        }
        // The teacher says class 3, the truth is class 1: classes 1 and 3 are left out.
        Tensor wrong = Tensor.of(new double[] {0, 2, 1, 5}, 1, 4);
        Tensor own = Tensor.of(new double[] {1, -1, 2, 0}, 1, 4);
        Tensor one = Tensor.of(new long[] {1});
        double expected = kl(softmax(new double[] {0, 1}, 1), softmax(new double[] {1, 2}, 1));
        close(Rld.others(own, wrong, one, 1), 0, expected);
        Tensor swapped = Tensor.of(new double[] {2, -1, 1, 0}, 1, 4);
        double other = kl(softmax(new double[] {0, 1}, 1), softmax(new double[] {2, 1}, 1));
        close(Rld.others(swapped, wrong, one, 1), 0, other);
        double m = softmax(new double[] {0, 2, 1, 5}, 1)[3];
        double p = softmax(new double[] {1, -1, 2, 0}, 1)[1];
        close(Rld.target(own, wrong, one, 1), 0, kl(new double[] {m, 1 - m}, new double[] {p, 1 - p}));
        Tensor last = Rld.others(own, Tensor.of(new double[] {3, 0, 4, 5}, 1, 4), one, 1);
        assertThat(last.item()).as("nothing is below").isCloseTo(0, within(CLOSE));
    }

    @Test
    void progressiveBlendsLabelsWithWhatTheStudentSaid() {
        ProgressiveKd method = new ProgressiveKd(.8, 4);
        assertThat(IntStream.rangeClosed(1, 5).mapToDouble(method::share).toArray())
                .containsExactly(new double[] {0, .4, .6, .8, .8}, within(1e-12));
        LossTerm loss = term(method, "ps-kd");
        loss.beforeEpoch(new EpochStart(2, () -> teacher, () -> teacher));
        // Samples 3 and 1 of the transfer set.
        StepBatch batch = Steps.batch(new long[] {1, 0}, 3, 1);
        Tensor z = Tensor.stack(0, student.select(0, 0), student.select(0, 2));
        double expected = 0;
        for (int i = 0; i < 2; i++) {
            double[] q = softmax(row(z, i), 1);
            double said = cross(softmax(row(teacher, i == 0 ? 3 : 1), 1), q);
            expected += .6 * -Math.log(q[i == 0 ? 1 : 0]) + .4 * said;
        }
        assertThat(loss.sum(step(2, batch, z, teacher)).item()).isCloseTo(expected, within(1e-5));
        Module bank = loss.adapters();
        assertThat(Objects.requireNonNull(bank).stateDict()).containsKey("said");
    }

    private void check(String name, UnaryOperator<Tensor> loss) {
        GradCheck.defaults()
                .firstOrder(name, in -> new Tensor[] {loss.apply(in[0])}, student)
                .verify();
    }

    @Test
    void gradients() {
        check("dkd target", z -> Dkd.target(z, teacher, classes, 2));
        check("dkd others", z -> Dkd.others(z, teacher, classes, 2));
        check("lskd", z -> HintonKd.divergence(Lskd.rows(z), Lskd.rows(teacher), 2));
        check("dist rows", z -> Dist.unlike(z.softmax(1), teacher.softmax(1), 1));
        check("dist columns", z -> Dist.unlike(z.softmax(1), teacher.softmax(1), 0));
        check("nkd", z -> Nkd.target(z, teacher, classes).add(Nkd.others(z, teacher, classes, 2)));
        check("ttm", z -> Ttm.rows(z, teacher, .2));
        check("normkd", z -> NormKd.rows(z, teacher, 2));
        check("tf-kd", z -> new TeacherFreeKd().rows(z, classes));
        check("binary", z -> BinaryKd.rows(z, teacher, 2));
        check("rld target", z -> Rld.target(z, teacher, classes, 2));
        check("rld others", z -> Rld.others(z, teacher, classes, 2));
        Tensor temperature = Tensor.of(new double[] {3}, 1);
        GradCheck.defaults()
                .firstOrder("ctkd", in -> new Tensor[] {Ctkd.rows(in[0], teacher, in[1])}, student, temperature)
                .verify();
    }

    /// The weights are constants, so differences of the whole loss would see more than the gradient does.
    @Test
    void gradientOfWsldTreatsWeightsAsConstants() {
        Tensor z = student.requiresGrad(true);
        Tensor found = Autograd.grad(Wsld.rows(z, teacher, classes, 2).sum(), z)[0];
        Tensor weights = Wsld.weights(student, teacher, classes).unsqueeze(1);
        Tensor expected = student.detach()
                .mul(.5)
                .softmax(1)
                .sub(teacher.mul(.5).softmax(1))
                .mul(2.0)
                .mul(weights);
        for (int i = 0; i < ROWS * WIDE; i++) {
            assertThat(found.toDoubles()[i]).isCloseTo(expected.toDoubles()[i], within(CLOSE));
        }
    }

    private static void refused(ThrowingCallable made, String message) {
        assertThatThrownBy(made).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    @Test
    void badHyperParametersAreRefused() {
        refused(() -> new Dkd(0, 1, 8, 20), "dkd: expected a positive temperature, got 0");
        refused(() -> new Dkd(4, -1, 8, 20), "target weight of at least 0, got -1");
        refused(() -> new Dkd(4, 1, Double.NaN, 20), "weight of other classes of at least 0, got NaN");
        refused(() -> new Dkd(4, 1, 8, 0), "at least 1 epoch of warm-up, got 0");
        refused(() -> new Lskd(new LabelsOnly()), "lskd: expected a method of one run that compares logits");
        refused(() -> new Lskd(new AnnealingKd()), "AnnealingKd");
        refused(() -> new Mlkd(List.of(), 1, 1, 1), "mlkd: expected at least one temperature");
        refused(() -> new Mlkd(List.of(2.0, 0.0), 1, 1, 1), "mlkd: expected a positive temperature, got 0");
        refused(() -> new Mlkd(List.of(2.0), 1, 1, -1), "mlkd: expected a weight of classes of at least 0, got -1");
        refused(() -> new Dist(Double.POSITIVE_INFINITY, 1, 1), "dist: expected a positive temperature");
        refused(() -> new Dist(1, 1, -2), "intra-class relations of at least 0, got -2");
        refused(() -> new Nkd(-1, 1), "nkd: expected a positive temperature");
        refused(() -> new Wsld(4, -1), "wsld: expected a teacher weight");
        refused(() -> new Ttm(1.5, 1, false), "ttm: expected a power in (0, 1], got 1.5");
        refused(() -> new NormKd(0, 1, 1), "normkd: expected a positive factor");
        refused(() -> new Ctkd(1, 20, 0, 1, 1, Ctkd.Form.GLOBAL), "ctkd: expected at least 1 epoch of curriculum");
        refused(() -> new Ctkd(1, 0, 1, 1, 1, Ctkd.Form.GLOBAL), "positive range of temperatures");
        refused(() -> new TeacherFreeKd(0, 20, .1), "right class in (0, 1], got 0");
        refused(() -> new TeacherFreeKd(.9, 20, 1.1), "weight in [0, 1], got 1.1");
        refused(() -> new AnnealingKd(0, 1, .5), "highest temperature of at least 1, got 0");
        refused(() -> new AnnealingKd(4, 1, 1), "share of stage 1 in (0, 1), got 1");
        refused(() -> new BinaryKd(0), "binary: expected a positive temperature");
        refused(() -> new Rld(1, 4, 1, 8, 0), "rld: expected at least 1 epoch of warm-up");
        refused(() -> new Rld(0, 4, 1, 8, 1), "temperature of the target, got 0");
        refused(() -> new ProgressiveKd(2, 4), "ps-kd: expected a share of the student in [0, 1], got 2");
        refused(() -> new ProgressiveKd(.5, 0), "ps-kd: expected at least 1 epoch of growth");
    }
}
