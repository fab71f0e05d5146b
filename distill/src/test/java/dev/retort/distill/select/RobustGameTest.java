package dev.retort.distill.select;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.select.RobustGame.Equilibrium;
import dev.retort.tensor.Rng;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RobustGameTest {
    private static double[] gains(int n, Rng rng, int kind) {
        double[] gains = new double[n];
        for (int i = 0; i < n; i++) {
            gains[i] = switch (kind) {
                case 0 -> rng.nextDouble();
                case 1 -> Math.pow(rng.nextDouble(), 6);
                case 2 -> (1 + rng.nextInt(3)) / 3.0; // many ties
                default -> rng.nextInt(3) == 0 ? 0 : rng.nextDouble();
            };
        }
        return gains;
    }

    /// The definition, by enumerating the adversary's sets.
    private static double enumerated(double[] gains, double[] q, int wrong, double penalty) {
        double least = Double.POSITIVE_INFINITY;
        for (int set = 0; set < 1 << gains.length; set++) {
            if (Integer.bitCount(set) == wrong) {
                double sum = 0;
                for (int i = 0; i < gains.length; i++) {
                    sum += q[i] * gains[i] * ((set >> i & 1) == 1 ? -penalty : 1);
                }
                least = Math.min(least, sum);
            }
        }
        return least;
    }

    private static double[] randomMarginals(int n, int budget, Rng rng) {
        double[] q = new double[n];
        for (int left = budget * 8; left > 0; ) {
            int i = rng.nextInt(n);
            if (q[i] < 1) {
                q[i] += .125;
                left--;
            }
        }
        return q;
    }

    /// Weak duality: nobody can earn more than `bound` against the adversary, and q earns `value`
    /// against anybody. Where the two meet, both are optimal, so no linear-programme solver is needed.
    @Test
    void certificatesMeetOnRandomGames() {
        Rng rng = new Rng(3);
        int capped = 0;
        int negative = 0;
        for (int trial = 0; trial < 6_000; trial++) {
            int n = 1 + rng.nextInt(12);
            double[] gains = gains(n, rng, trial % 4);
            double wrong = trial % 3 == 0 ? rng.nextDouble() * (n - .01) : rng.nextInt(n);
            int budget = rng.nextInt(n + 1);
            double penalty = trial % 5 == 0 ? rng.nextDouble() * 2 : trial % 5 == 1 ? 1 : 0;
            Equilibrium game = RobustGame.solve(gains, wrong, budget, penalty);
            String as = "trial " + trial + ": " + Arrays.toString(gains) + ", m " + wrong + ", b " + budget
                    + ", penalty " + penalty + ": " + Arrays.toString(game.probabilities()) + " against "
                    + Arrays.toString(game.adversary());
            assertThat(Arrays.stream(game.probabilities())).as(as).allMatch(q -> q >= 0 && q <= 1);
            assertThat(Arrays.stream(game.probabilities()).sum()).as(as).isCloseTo(budget, within(1e-9));
            assertThat(Arrays.stream(game.adversary())).as(as).allMatch(r -> r >= 0 && r <= 1);
            assertThat(Arrays.stream(game.adversary()).sum()).as(as).isLessThan(wrong + 1e-9);
            assertThat(game.bound()).as(as).isCloseTo(game.value(), within(1e-8));
            capped += game.capped() ? 1 : 0;
            negative += game.value() < -1e-9 ? 1 : 0;
        }
        assertThat(capped).as("caps were tested").isGreaterThan(500);
        assertThat(negative).as("harmful games were tested").isGreaterThan(100);
    }

    @Test
    void theValueIsThatOfTheWorstSetOfLabels() {
        Rng rng = new Rng(4);
        for (int trial = 0; trial < 400; trial++) {
            int n = 2 + rng.nextInt(7);
            double[] gains = gains(n, rng, trial % 4);
            int wrong = rng.nextInt(n);
            int budget = 1 + rng.nextInt(n);
            double penalty = trial % 2;
            Equilibrium game = RobustGame.solve(gains, wrong, budget, penalty);
            assertThat(game.value()).isCloseTo(enumerated(gains, game.probabilities(), wrong, penalty), within(1e-12));
            for (int other = 0; other < 20; other++) {
                double[] q = randomMarginals(n, budget, rng);
                assertThat(RobustGame.worstCase(gains, q, wrong, penalty))
                        .isCloseTo(enumerated(gains, q, wrong, penalty), within(1e-12))
                        .isLessThanOrEqualTo(game.value() + 1e-9);
            }
        }
    }

    /// V = b (k* − M) / H_{k*} with k* the argmax over all k; stakes qᵢ gᵢ equal on the support.
    @Test
    void closedFormWhereNoCapBinds() {
        Rng rng = new Rng(5);
        int free = 0;
        for (int trial = 0; trial < 1_000; trial++) {
            int n = 3 + rng.nextInt(60);
            double[] gains = new double[n];
            Arrays.setAll(gains, _ -> .05 + rng.nextDouble());
            double penalty = trial % 2;
            int wrong = rng.nextInt(n / 2);
            Equilibrium game = RobustGame.solve(gains, wrong, 1, penalty);
            double[] falling =
                    Arrays.stream(gains).map(g -> -g).sorted().map(g -> -g).toArray();
            double best = Double.NEGATIVE_INFINITY;
            int support = 0;
            double inverses = 0;
            for (int k = 1; k <= n; k++) {
                inverses += 1 / falling[k - 1];
                double value = (k - (1 + penalty) * wrong) / inverses;
                if (value > best) {
                    best = value;
                    support = k;
                }
            }
            if (best <= 0 || game.capped()) {
                continue;
            }
            free++;
            assertThat(game.value()).isCloseTo(best, within(1e-12));
            assertThat(game.support()).isEqualTo(support);
            double edge = falling[support - 1];
            for (int i = 0; i < n; i++) {
                double stake = game.probabilities()[i] * gains[i];
                assertThat(stake).isCloseTo(gains[i] >= edge ? game.level() : 0, within(1e-12));
            }
            assertThat(Arrays.stream(gains)
                            .filter(g -> g >= game.value() - 1e-12)
                            .count())
                    .as("k* counts the gains of at least V/b")
                    .isEqualTo(support);
            double accuracy = 1 - (double) wrong / n;
            double harmonic = n / Arrays.stream(gains).map(g -> 1 / g).sum();
            if (penalty == 0) {
                assertThat(game.value()).isBetween(accuracy * harmonic - 1e-12, accuracy * falling[0] + 1e-12);
            }
        }
        assertThat(free).isGreaterThan(500);
    }

    @Test
    void aTeacherWithoutErrorsMakesItGreedy() {
        double[] gains = {.2, .9, .5, .7};
        assertThat(RobustGame.solve(gains, 0, 1, 0).probabilities()).containsExactly(0, 1, 0, 0);
        assertThat(RobustGame.solve(gains, 0, 2, 0).probabilities()).containsExactly(0, 1, 0, 1);
        assertThat(RobustGame.solve(gains, 0, 3, 0).probabilities()).containsExactly(0, 1, 1, 1);
        assertThat(RobustGame.solve(gains, 0, 3, 0).value()).isCloseTo(2.1, within(1e-12));
    }

    @Test
    void equalGainsMakeItUniform() {
        double[] gains = new double[20];
        Arrays.fill(gains, .3);
        for (int wrong : new int[] {0, 1, 7, 19}) {
            Equilibrium game = RobustGame.solve(gains, wrong, 5, 0);
            assertThat(game.probabilities()).containsExactly(new double[20], within(.25 + 1e-12));
            assertThat(Arrays.stream(game.probabilities())).allMatch(q -> Math.abs(q - .25) < 1e-12);
            assertThat(game.value()).isCloseTo(5 * .3 * (20 - wrong) / 20, within(1e-12));
        }
    }

    /// n = 100, accuracy 0.7, b = 10, gains 0.01, 0.02, …, 1.
    @Test
    void isWorthMoreThanUniformProportionalAndGreedy() {
        double[] gains = new double[100];
        Arrays.setAll(gains, i -> (i + 1) / 100.0);
        double[] uniform = new double[100];
        Arrays.fill(uniform, .1);
        double[] greedy = new double[100];
        Arrays.fill(greedy, 90, 100, 1);
        double total = Arrays.stream(gains).sum();
        double[] proportional = Arrays.stream(gains).map(g -> 10 * g / total).toArray();
        double robust = RobustGame.solve(gains, 30, 10, 0).value();
        assertThat(RobustGame.worstCase(gains, greedy, 30, 0)).isZero();
        assertThat(RobustGame.worstCase(gains, proportional, 30, 0)).isCloseTo(2.3128, within(1e-4));
        assertThat(RobustGame.worstCase(gains, uniform, 30, 0)).isCloseTo(2.485, within(1e-12));
        assertThat(robust).isCloseTo(3.36, within(.05));
    }

    @Test
    void edges() {
        assertThat(RobustGame.solve(new double[0], 0, 0, 0).value()).isZero();
        assertThat(RobustGame.solve(new double[] {.5, .2}, 1, 0, 0).probabilities())
                .containsExactly(0, 0);
        assertThat(RobustGame.solve(new double[] {.5, .2}, 1, 2, 0).probabilities())
                .containsExactly(1, 1);
        Equilibrium nothing = RobustGame.solve(new double[] {0, 0, 0, 0}, 2, 2, 0);
        assertThat(nothing.probabilities()).containsExactly(.5, .5, .5, .5);
        assertThat(nothing.value()).isZero();
        Equilibrium lost = RobustGame.solve(new double[] {.5, 0, .5, 0}, 3, 1, 0);
        assertThat(lost.probabilities())
                .as("what has a gain is still preferred")
                .containsExactly(.5, 0, .5, 0);
        Equilibrium filled = RobustGame.solve(new double[] {.5, 0, .5, 0}, 1, 3, 0);
        assertThat(filled.probabilities()).containsExactly(1, .5, 1, .5);
        Equilibrium harmful = RobustGame.solve(new double[] {1, 1, 1, 1}, 3, 2, 1);
        assertThat(harmful.value())
                .as("three of four wrong, each costing a gain")
                .isCloseTo(-1, within(1e-12));
    }

    @Test
    void refusesWhatIsNoGame() {
        assertThatThrownBy(() -> RobustGame.solve(new double[] {.5, Double.NaN}, 0, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got NaN at 1");
        assertThatThrownBy(() -> RobustGame.solve(new double[] {-1}, 0, 1, 0)).hasMessageContaining("-1.0 at 0");
        assertThatThrownBy(() -> RobustGame.solve(new double[] {1}, 1, 1, 0)).hasMessageContaining("[0, 1), got 1.0");
        assertThatThrownBy(() -> RobustGame.solve(new double[] {1}, 0, 2, 0)).hasMessageContaining("[0, 1], got 2");
        assertThatThrownBy(() -> RobustGame.solve(new double[] {1}, 0, 1, -1)).hasMessageContaining("penalty");
        assertThatThrownBy(() -> RobustGame.worstCase(new double[] {1}, new double[2], 0, 0))
                .hasMessageContaining("got 2 for 1");
    }

    @Test
    void aMillionSamplesAreSolved() {
        Rng rng = new Rng(8);
        double[] gains = new double[1_000_000];
        Arrays.setAll(gains, _ -> Math.pow(rng.nextDouble(), 3));
        for (int budget : new int[] {1_000, 900_000}) {
            Equilibrium game = RobustGame.solve(gains, 200_000, budget, 0);
            assertThat(game.bound()).isCloseTo(game.value(), within(1e-6 * Math.max(1, game.value())));
            assertThat(Arrays.stream(game.probabilities()).sum()).isCloseTo(budget, within(1e-5));
        }
    }
}
