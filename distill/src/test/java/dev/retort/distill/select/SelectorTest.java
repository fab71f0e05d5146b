package dev.retort.distill.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SelectorTest {
    static List<Selector> selectors() {
        return List.of(
                new Rad(),
                Rad.lossAware(),
                new Rad(Uncertainty.ENTROPY, .5, false),
                new Uniform(),
                new MostUncertain(Uncertainty.MARGIN),
                new MostUncertain(Uncertainty.ENTROPY),
                new MostUncertain(Uncertainty.LEAST_CONFIDENCE),
                new CoreSet(),
                new Badge(),
                new ClusterMargin(3, 5, 40),
                new Unixkd());
    }

    private static Candidates pool(int n, long seed) {
        return Candidates.ofLogits(Random.normal(new Rng(seed), n, 4).mul(2))
                .withEmbeddings(Random.normal(new Rng(seed + 1), n, 6), Random.normal(new Rng(seed + 2), 3, 6))
                .withTeacherAccuracy(.75);
    }

    @ParameterizedTest
    @MethodSource("selectors")
    void choosesTheWholeBudgetOnceAndAgain(Selector selector) {
        Candidates pool = pool(60, 1);
        for (int budget : new int[] {1, 7, 59}) {
            Selection chosen = selector.select(pool, budget, new Rng(3));
            assertThat(chosen.indices()).hasSize(budget).doesNotHaveDuplicates();
            assertThat(Arrays.stream(chosen.indices())).allMatch(i -> i >= 0 && i < 60);
            Selection again = selector.select(pool, budget, new Rng(3));
            assertThat(again.picks()).isEqualTo(chosen.picks());
            assertThat(again.marginals()).containsExactly(chosen.marginals());
            if (chosen.marginals().length > 0) {
                assertThat(Arrays.stream(chosen.marginals()).sum()).isCloseTo(budget, within(1e-9));
                chosen.picks()
                        .forEach(pick -> assertThat(pick.probability())
                                .isPositive()
                                .isEqualTo(chosen.marginals()[pick.index()]));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("selectors")
    void edgesOfTheBudget(Selector selector) {
        Candidates pool = pool(9, 2);
        assertThat(selector.select(pool, 0, new Rng(0)).size()).isZero();
        for (int budget : new int[] {9, 10, 1_000}) {
            assertThat(selector.select(pool, budget, new Rng(0)).indices()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
        }
        assertThatThrownBy(() -> selector.select(pool, -1, new Rng(0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(selector.name())
                .hasMessageContaining("got -1");
    }

    @ParameterizedTest
    @MethodSource("selectors")
    void poolsOfEqualSamplesAreSampledEvenly(Selector selector) {
        Candidates same = Candidates.ofLogits(Tensor.zeros(40, 3))
                .withEmbeddings(Tensor.ones(40, 2), null)
                .withTeacherAccuracy(.5);
        boolean[] seen = new boolean[40];
        for (int seed = 0; seed < 60; seed++) {
            int[] chosen = selector.select(same, 4, new Rng(seed)).indices();
            assertThat(chosen).hasSize(4).doesNotHaveDuplicates();
            Arrays.stream(chosen).forEach(i -> seen[i] = true);
        }
        boolean byDistance = selector instanceof CoreSet; // after the first centre, the lowest free position
        assertThat(IntStream.range(0, 40).filter(i -> seen[i]).count()).isGreaterThan(byDistance ? 20 : 38);
    }

    @ParameterizedTest
    @MethodSource("selectors")
    void aStudentThatIsCertainOfEverythingStillAsks(Selector selector) {
        float[] values = new float[90];
        IntStream.range(0, 30).forEach(i -> values[3 * i + 1] = 1_000);
        Tensor logits = Tensor.wrap(DType.F32, values, 30, 3);
        Candidates certain = Candidates.ofLogits(logits)
                .withEmbeddings(Random.normal(new Rng(4), 30, 2), null)
                .withTeacherAccuracy(1);
        assertThat(selector.select(certain, 5, new Rng(0)).indices()).hasSize(5).doesNotHaveDuplicates();
    }

    @Test
    void whatIsMissingIsNamed() {
        Candidates bare = Candidates.ofLogits(Tensor.zeros(5, 2));
        assertThatThrownBy(() -> new Rad().select(bare, 2, new Rng(0)))
                .hasMessageContaining("rad: expects an estimate of the teacher's accuracy");
        for (Selector selector : List.of(new CoreSet(), new Badge(), new ClusterMargin())) {
            assertThatThrownBy(() -> selector.select(bare, 2, new Rng(0)))
                    .hasMessageContaining(selector.name() + ": expects embeddings of the pool");
        }
        Tensor broken = Tensor.of(new float[] {0, 1, Float.NaN, 0, 0, 0}).reshape(3, 2);
        assertThatThrownBy(() -> Candidates.ofLogits(broken)).hasMessageContaining("got NaN in row 1");
        assertThatThrownBy(() -> Candidates.ofLogits(Tensor.zeros(3, 1))).hasMessageContaining("L of at least 2");
        Candidates three = Candidates.ofLogits(Tensor.zeros(3, 2));
        assertThatThrownBy(() -> new CoreSet().select(three.withEmbeddings(broken, null), 2, new Rng(0)))
                .hasMessageContaining("core-set: expected finite embeddings, got NaN in row 1");
        assertThatThrownBy(() -> three.withEmbeddings(Tensor.zeros(4, 2), null)).hasMessageContaining("[3, D]");
        assertThatThrownBy(() -> three.withEmbeddings(broken, Tensor.zeros(1, 3)))
                .hasMessageContaining("as wide");
        assertThatThrownBy(() -> three.withTeacherAccuracy(1.2)).hasMessageContaining("got 1.2");
    }

    @Test
    void uncertaintiesByHand() {
        Tensor logits =
                Tensor.of(new double[] {.5, .25, .25, .9, .05, .05}).log().reshape(2, 3);
        var student = Candidates.ofLogits(logits).student();
        assertThat(Uncertainty.MARGIN.of(student)).containsExactly(new double[] {.75, .15}, within(1e-12));
        assertThat(Uncertainty.LEAST_CONFIDENCE.of(student)).containsExactly(new double[] {.5, .1}, within(1e-12));
        double entropy = (.5 * Math.log(2) + .5 * Math.log(4)) / Math.log(3);
        assertThat(Uncertainty.ENTROPY.of(student, 0)).isCloseTo(entropy, within(1e-12));
        assertThat(Uncertainty.LEAST_CONFIDENCE.label()).isEqualTo("least-confidence");
    }

    @Test
    void radKeepsItsMarginalsAndIsNeverWorthLess() {
        Candidates pool = pool(50, 5);
        double[] gains = Uncertainty.MARGIN.of(pool.student());
        double wrong = TeacherErrors.rounded(.75, 50);
        Selection rad = new Rad().select(pool, 10, new Rng(1));
        assertThat(wrong).isEqualTo(12);
        assertThat(rad.game()).isNotNull();
        double value = rad.worstCase(gains, wrong, 0);
        for (Selector rival : selectors()) {
            double other = rival.select(pool, 10, new Rng(1)).worstCase(gains, wrong, 0);
            assertThat(other).as(rival.name()).isLessThanOrEqualTo(value + 1e-9);
        }
        assertThat(new MostUncertain(Uncertainty.MARGIN)
                        .select(pool, 10, new Rng(1))
                        .worstCase(gains, wrong, 0))
                .isZero();
        int[] counts = new int[50];
        for (int seed = 0; seed < 20_000; seed++) {
            Arrays.stream(new Rad().select(pool, 10, new Rng(seed)).indices()).forEach(i -> counts[i]++);
        }
        for (int i = 0; i < 50; i++) {
            assertThat(counts[i] / 20_000.0).as("sample %d", i).isCloseTo(rad.marginals()[i], within(.016));
        }
    }

    @Test
    void wrongLabelsAreEstimatedForThePoolThatIsLeft() {
        assertThat(TeacherErrors.rounded(.815, 1_000)).isEqualTo(185);
        assertThat(TeacherErrors.expected(.815, 7)).isCloseTo(1.295, within(1e-12));
        assertThat(TeacherErrors.rounded(0, 7)).as("at most N - 1").isEqualTo(6);
        assertThat(TeacherErrors.expected(0, 1)).isZero();
        assertThatThrownBy(() -> TeacherErrors.rounded(Double.NaN, 7)).hasMessageContaining("got NaN");
        assertThatThrownBy(() -> TeacherErrors.rounded(.5, 0)).hasMessageContaining("0 samples");
    }

    @Test
    void coreSetTakesTheFarthestSampleEachTime() {
        Tensor line = Tensor.of(new float[] {0, 1, 2, 10, 5.5f, -3}).reshape(6, 1);
        Candidates pool = Candidates.ofLogits(Tensor.zeros(6, 2)).withEmbeddings(line, Tensor.zeros(1, 1));
        Selection chosen = new CoreSet().select(pool, 3, new Rng(0));
        assertThat(chosen.indices()).containsExactly(3, 4, 5); // 10 is 10 from 0; 5.5 is 4.5 from 10; -3 is 3 from 0
        assertThat(chosen.picks().stream().map(Selection.Pick::score)).containsExactly(10.0, 4.5, 3.0);
    }

    @Test
    void gradientDistancesAreThoseOfTheOuterProducts() {
        Candidates pool = pool(12, 6);
        Tensor features = pool.requireEmbeddings("test");
        GradientPoints gradients = new GradientPoints(pool.student(), new Points("test", features));
        double[][] outer = new double[12][24];
        for (int i = 0; i < 12; i++) {
            for (int c = 0; c < 4; c++) {
                double error =
                        pool.student().probability(i, c) - (c == pool.student().top(i) ? 1 : 0);
                for (int d = 0; d < 6; d++) {
                    outer[i][c * 6 + d] = error * features.get(i, d);
                }
            }
        }
        for (int i = 0; i < 12; i++) {
            for (int j = 0; j < 12; j++) {
                double sum = 0;
                for (int k = 0; k < 24; k++) {
                    sum += (outer[i][k] - outer[j][k]) * (outer[i][k] - outer[j][k]);
                }
                assertThat(gradients.squared(i, j)).isCloseTo(sum, within(1e-9));
            }
        }
    }

    /// Two far apart, uncertain groups: the second draw comes from the other one.
    @Test
    void badgeSpreadsItsChoice() {
        float[] features = new float[40];
        Arrays.fill(features, 20, 40, 50);
        Tensor embeddings = Tensor.wrap(DType.F32, features, 20, 2)
                .add(Random.normal(new Rng(1), 20, 2).mul(.01));
        Candidates pool =
                Candidates.ofLogits(Random.normal(new Rng(2), 20, 3).mul(.01)).withEmbeddings(embeddings.add(1), null);
        for (int seed = 0; seed < 20; seed++) {
            int[] chosen = new Badge().select(pool, 4, new Rng(seed)).indices();
            Set<Boolean> groups = new HashSet<>();
            Arrays.stream(chosen).forEach(i -> groups.add(i < 10));
            assertThat(groups).hasSize(2);
        }
    }

    /// Against joining the closest pair of clusters, by the definition, again and again.
    @Test
    void averageLinkageIsThatOfTheDefinition() {
        Rng rng = new Rng(9);
        for (int trial = 0; trial < 30; trial++) {
            int n = 2 + rng.nextInt(14);
            Points points = new Points("test", Random.normal(rng.fork(trial), n, 3));
            int clusters = 1 + rng.nextInt(n);
            int[] rows = IntStream.range(0, n).toArray();
            assertThat(AverageLinkage.of(points, rows, clusters)).containsExactly(naive(points, n, clusters));
        }
    }

    private static int[] naive(Points points, int n, int clusters) {
        int[] own = IntStream.range(0, n).toArray();
        for (int left = n; left > clusters; left--) {
            double least = Double.POSITIVE_INFINITY;
            int from = 0;
            int into = 0;
            for (int a = 0; a < n; a++) {
                for (int b = a + 1; b < n; b++) {
                    double mean = own[a] == a && own[b] == b ? mean(points, own, a, b) : Double.POSITIVE_INFINITY;
                    if (mean < least) {
                        least = mean;
                        into = a;
                        from = b;
                    }
                }
            }
            int gone = from;
            int kept = into;
            own = Arrays.stream(own).map(c -> c == gone ? kept : c).toArray();
        }
        int[] first = Arrays.stream(own).distinct().toArray();
        return Arrays.stream(own)
                .map(c -> IntStream.range(0, first.length)
                        .filter(i -> first[i] == c)
                        .findFirst()
                        .orElseThrow())
                .toArray();
    }

    private static double mean(Points points, int[] own, int a, int b) {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < own.length; i++) {
            for (int j = 0; j < own.length; j++) {
                if (own[i] == a && own[j] == b) {
                    sum += points.squared(i, j);
                    count++;
                }
            }
        }
        return sum / count;
    }

    @Test
    void clusterMarginTakesTurnsAmongClusters() {
        float[] at = new float[30];
        for (int i = 0; i < 30; i++) {
            at[i] = i < 24 ? 0 : i < 28 ? 100 : 200; // clusters of 24, 4 and 2
        }
        Tensor embeddings = Tensor.wrap(DType.F32, at, 30, 1).add(Random.normal(new Rng(1), 30, 1));
        Candidates pool = Candidates.ofLogits(Random.normal(new Rng(3), 30, 3)).withEmbeddings(embeddings, null);
        Selection chosen = new ClusterMargin(30, 10, 30).select(pool, 6, new Rng(2));
        long large = Arrays.stream(chosen.indices()).filter(i -> i < 24).count();
        long middle =
                Arrays.stream(chosen.indices()).filter(i -> i >= 24 && i < 28).count();
        assertThat(large).isEqualTo(2);
        assertThat(middle).isEqualTo(2);
    }

    @Test
    void unixkdMixesLessIntoWhatIsLessCertain() {
        Selection chosen = new Unixkd().select(pool(60, 7), 20, new Rng(1));
        double before = 0;
        for (Selection.Pick pick : chosen.picks()) {
            if (pick.blend() != null) {
                assertThat(pick.blend().weight()).isBetween(before, .5);
                assertThat(pick.blend().partner()).isNotEqualTo(pick.index());
                before = pick.blend().weight();
            }
        }
        assertThat(before).isGreaterThan(.45);
        double[] scores =
                chosen.picks().stream().mapToDouble(Selection.Pick::score).toArray();
        assertThat(Arrays.stream(scores).map(s -> -s)).isSorted();
    }

    @Test
    void aMillionSamplesAreRankedAndDrawn() {
        Candidates pool =
                Candidates.ofLogits(Random.normal(new Rng(1), 1_000_000, 3)).withTeacherAccuracy(.9);
        for (Selector selector : List.of(new Rad(), new Uniform(), new MostUncertain(Uncertainty.MARGIN))) {
            assertThat(selector.select(pool, 10_000, new Rng(1)).indices())
                    .hasSize(10_000)
                    .doesNotHaveDuplicates();
        }
    }
}
