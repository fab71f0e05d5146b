package dev.retort.distill.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.distill.Setup;
import dev.retort.distill.Stage;
import dev.retort.distill.feature.Tap;
import dev.retort.distill.feature.TapPair;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Losses on layers of text encoders, without networks.
class SequenceLossTest {
    private static final Tap TAP = Tap.output("body");
    private static final TapPair PAIR = new TapPair(TAP, TAP);
    private static final HintonKd LABELS = HintonKd.labelsOnly();
    private static final double CLOSE = 1e-10;
    private static final int T = 3;
    private static final int H = 2;

    /// Two texts of 3 and 2 tokens.
    private static final Tensor VISIBLE = Tensor.of(new double[] {1, 1, 1, 1, 1, 0}, 2, T);

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, shape);
    }

    private static void check(String name, UnaryOperator<Tensor> loss, Tensor at) {
        GradCheck.defaults()
                .firstOrder(name, in -> new Tensor[] {loss.apply(in[0])}, at)
                .verify();
    }

    @Test
    void patienceByHandAndByDifferences() {
        Tensor student = Tensor.of(new double[] {3, 4, 9, 9}, 1, 2, 2);
        Tensor teacher = Tensor.of(new double[] {0, 2, -7, 5}, 1, 2, 2);
        // (.6, .8) against (0, 1); later positions do not count.
        assertThat(PatientKd.squaredDistance(student, teacher).item()).isCloseTo(.36 + .04, within(CLOSE));
        assertThat(PatientKd.squaredDistance(student.mul(3.0), student).item()).isCloseTo(0, within(CLOSE));
        check("patience", in -> PatientKd.squaredDistance(in, normal(2, 2, 3, 4)), normal(1, 2, 3, 4));
    }

    @Test
    void scoresAreProductsOfHeads() {
        Tensor a = normal(1, 2, T, 4);
        Tensor b = normal(2, 2, T, 4);
        Tensor scores = AttentionRelations.scores(a, b, H);
        assertThat(scores.shape()).isEqualTo(Shape.of(2, H, T, T));
        double expected = (a.get(1, 2, 2) * b.get(1, 0, 2) + a.get(1, 2, 3) * b.get(1, 0, 3)) / Math.sqrt(2);
        assertThat(scores.get(1, 1, 2, 0)).isCloseTo(expected, within(CLOSE));
    }

    @Test
    void relationsByPlainLoops() {
        Tensor own = normal(1, 2, H, T, T);
        Tensor wanted = normal(2, 2, H, T, T);
        double divergence = 0;
        double squares = 0;
        for (int b = 0; b < 2; b++) {
            int length = b == 0 ? 3 : 2;
            for (int h = 0; h < H; h++) {
                for (int i = 0; i < length; i++) {
                    double sumOwn = 0;
                    double sumWanted = 0;
                    for (int j = 0; j < length; j++) {
                        sumOwn += Math.exp(own.get(b, h, i, j));
                        sumWanted += Math.exp(wanted.get(b, h, i, j));
                    }
                    for (int j = 0; j < length; j++) {
                        double p = Math.exp(wanted.get(b, h, i, j)) / sumWanted;
                        double q = Math.exp(own.get(b, h, i, j)) / sumOwn;
                        divergence += p * Math.log(p / q) / (H * length);
                        squares += Math.pow(own.get(b, h, i, j) - wanted.get(b, h, i, j), 2) / (H * length * length);
                    }
                }
            }
        }
        assertThat(AttentionRelations.divergence(own, wanted, VISIBLE).item()).isCloseTo(divergence, within(CLOSE));
        assertThat(AttentionRelations.squaredError(own, wanted, VISIBLE).item()).isCloseTo(squares, within(CLOSE));
    }

    @Test
    void relationsHaveGradients() {
        Tensor wanted = normal(2, 2, H, T, T);
        check("divergence", in -> AttentionRelations.divergence(in, wanted, VISIBLE), normal(1, 2, H, T, T));
        check("scores", in -> AttentionRelations.squaredError(in, wanted, VISIBLE), normal(1, 2, H, T, T));
        Tensor fixed = AttentionRelations.scores(normal(5, 2, T, 6), normal(5, 2, T, 6), H);
        check(
                "queries",
                in -> AttentionRelations.divergence(AttentionRelations.scores(in, in, H), fixed, VISIBLE),
                normal(3, 2, T, 4));
    }

    @Test
    void paddingCountsForNothing() {
        Tensor ids = Tensor.of(new long[] {5, 6, 7, 8, 9, 0}, 2, T);
        Tensor x = normal(1, 2, T, 4);
        Tensor y = normal(2, 2, T, 4);
        Tensor visible = AttentionRelations.visible(ids, 0, x);
        assertThat(visible.toDoubles()).containsExactly(VISIBLE.toDoubles());
        Tensor other = x.add(visible.eq(0).to(DType.F64).unsqueeze(2).mul(100.0));
        Tensor wanted = AttentionRelations.scores(y, y, H);
        assertThat(AttentionRelations.divergence(AttentionRelations.scores(other, other, H), wanted, visible)
                        .item())
                .isCloseTo(
                        AttentionRelations.divergence(AttentionRelations.scores(x, x, H), wanted, visible)
                                .item(),
                        within(CLOSE));
        assertThat(AttentionRelations.squaredError(AttentionRelations.scores(other, other, H), wanted, visible)
                        .item())
                .isCloseTo(
                        AttentionRelations.squaredError(AttentionRelations.scores(x, x, H), wanted, visible)
                                .item(),
                        within(CLOSE));
    }

    @Test
    void stagesAndTaps() {
        TinyBert tiny = new TinyBert(List.of(PAIR), List.of(TinyBert.Attention.between("a", "b")), 2);
        assertThat(tiny.stages()).extracting(Stage::name).containsExactly("layers", "response");
        assertThat(tiny.stages().getFirst().objective().needs()).hasSize(6);
        MiniLm mini = MiniLm.between("a", "b", 4);
        assertThat(mini.value()).isEqualTo(new TapPair(Tap.output("a.value"), Tap.output("b.value")));
        assertThat(mini.needs()).hasSize(6);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> new PatientKd(List.of())).hasMessageContaining("pkd: expected at least 1");
        assertThatThrownBy(() -> new PatientKd(List.of(PAIR), -1, LABELS)).hasMessageContaining("pkd");
        assertThatThrownBy(() -> MiniLm.between("a", "b", 0)).hasMessageContaining("at least one head, got 0");
        assertThatThrownBy(() -> new TinyBert(List.of(PAIR), List.of(), 0)).hasMessageContaining("at least one head");
        assertThatThrownBy(() -> new TinyBert(List.of(), List.of(), 1)).hasMessageContaining("tinybert");
        Setup setup = FeatureSetup.of(TAP, Shape.of(3, 4), Shape.of(3, 6));
        assertThatThrownBy(() -> new PatientKd(List.of(PAIR)).terms(setup))
                .hasMessageContaining("[3, 4] in the student and [3, 6] in the teacher");
        MiniLm relations = new MiniLm(MiniLm.Relations.ATTENTION, PAIR, PAIR, PAIR, 4, 0, 1, LABELS);
        assertThatThrownBy(() -> relations.terms(setup)).hasMessageContaining("divisible by 4 heads");
        TinyBert.Attention layer = new TinyBert.Attention(PAIR, PAIR);
        assertThatThrownBy(() -> new TinyBert(List.of(PAIR), List.of(layer), 4).terms(setup))
                .hasMessageContaining("divisible by 4 heads");
        Setup vectors = FeatureSetup.of(TAP, Shape.of(4), Shape.of(6));
        assertThatThrownBy(() -> new TinyBert(List.of(PAIR), List.of(), 2).terms(vectors))
                .hasMessageContaining("sequences [T, E], got [4]");
    }
}
