package dev.retort.nn.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.GradCheck;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/// Losses against their formulas in plain loops, and their gradients against differences.
class LossCatalogTest {
    private final Rng rng = new Rng(17);

    private Tensor normal(int... shape) {
        return Random.normal(rng, 0, 1, DType.F64, shape);
    }

    private static void checkGradients(String name, UnaryOperator<Tensor[]> loss, Tensor... inputs) {
        GradCheck.defaults().firstOrder(name, loss, inputs).verify();
    }

    private static Tensor[] one(Loss loss) {
        return new Tensor[] {loss.mean()};
    }

    private static void assertEach(Tensor each, double... expected) {
        assertThat(each.toDoubles()).containsExactly(expected, within(1e-12));
    }

    @Test
    void nllReadsTheClass() {
        Tensor x = normal(2, 3, 2);
        Tensor y = Tensor.of(new long[] {2, 0, -100, 1}, 2, 2);
        Tensor w = Tensor.of(new double[] {1, 2, 4});
        NLLLoss loss = new NLLLoss(w, CrossEntropy.IGNORE);
        double[] expected = {-4 * x.get(0, 2, 0), -x.get(0, 0, 1), 0, -2 * x.get(1, 1, 1)};
        assertEach(loss.each(x, y), expected);
        assertThat(loss.of(x, y).mean().item()).isCloseTo((expected[0] + expected[1] + expected[3]) / 7, within(1e-12));
        assertThat(new NLLLoss().of(x, y).count()).isEqualTo(3);
        Tensor single = x.select(0, 0).select(1, 0);
        assertThat(new NLLLoss()
                        .each(single, Tensor.of(new long[] {1}).squeeze(0))
                        .item())
                .isEqualTo(-single.get(1));
        Tensor logits = normal(4, 5);
        Tensor classes = Tensor.of(new long[] {0, 4, 2, 1});
        assertThat(new NLLLoss().of(logits.logSoftmax(1), classes).mean().item())
                .isCloseTo(Losses.crossEntropy(logits, classes).mean().item(), within(1e-12));
        checkGradients("nll", in -> one(loss.of(in[0], y)), x);
        assertThatThrownBy(() -> loss.of(x, y.add(200L))).hasMessageContaining("nll_loss: expects classes in [0, 3)");
        assertThatThrownBy(() -> loss.of(x, Tensor.zeros(DType.I64, 2, 3))).isInstanceOf(OpException.class);
    }

    @Test
    void countsAndNormalErrors() {
        Tensor x = normal(5);
        Tensor y = Tensor.of(new double[] {0, 1, 2, 3.5, 10});
        Tensor full = new PoissonNLLLoss(true, true, 1e-8).each(x, y);
        Tensor rates = new PoissonNLLLoss(false, false, 1e-8).each(x.exp(), y);
        for (int i = 0; i < 5; i++) {
            double t = y.get(i);
            double plain = Math.exp(x.get(i)) - t * x.get(i);
            double stirling = t > 1 ? t * Math.log(t) - t + 0.5 * Math.log(2 * Math.PI * t) : 0;
            assertThat(full.get(i)).isCloseTo(plain + stirling, within(1e-12));
            assertThat(rates.get(i)).isCloseTo(plain, within(1e-6));
        }
        checkGradients("poisson", in -> one(new PoissonNLLLoss(true, true, 1e-8).of(in[0], y)), x);
        Tensor v = Tensor.of(new double[] {0.5, 2, 1e-9, 1, 3});
        Tensor each = new GaussianNLLLoss(true, 1e-6).each(x, y, v);
        for (int i = 0; i < 5; i++) {
            double w = Math.max(v.get(i), 1e-6);
            double d = x.get(i) - y.get(i);
            double expected = 0.5 * (Math.log(w) + d * d / w) + 0.5 * Math.log(2 * Math.PI);
            assertThat(each.get(i)).isCloseTo(expected, within(1e-12 * Math.abs(expected)));
        }
        Tensor leaf = v.detach().copy().requiresGrad(true);
        new GaussianNLLLoss().each(x, y, leaf).sum().backward();
        assertThat(leaf.grad().get(2)).as("grows again").isNegative();
        Tensor large = v.clampMin(0.4);
        checkGradients("gaussian", in -> one(new GaussianNLLLoss().of(in[0], in[1], in[2])), x, y, large);
        assertThatThrownBy(() -> new GaussianNLLLoss().of(x, y, normal(2))).isInstanceOf(OpException.class);
    }

    @Test
    void marginsOfPairs() {
        Tensor a = normal(4);
        Tensor b = normal(4);
        Tensor y = Tensor.of(new double[] {1, -1, -1, 1});
        double[] ranking = new double[4];
        double[] hinge = new double[4];
        double[] soft = new double[4];
        for (int i = 0; i < 4; i++) {
            ranking[i] = Math.max(0, -y.get(i) * (a.get(i) - b.get(i)) + 0.3);
            hinge[i] = y.get(i) == 1 ? a.get(i) : Math.max(0, 0.7 - a.get(i));
            soft[i] = Math.log1p(Math.exp(-y.get(i) * a.get(i)));
        }
        assertEach(new MarginRankingLoss(0.3).each(a, b, y), ranking);
        assertEach(new HingeEmbeddingLoss(0.7).each(a, y), hinge);
        assertEach(new SoftMarginLoss().each(a, y), soft);
        checkGradients("ranking", in -> one(new MarginRankingLoss(0.3).of(in[0], in[1], y)), a, b);
        checkGradients("hinge", in -> one(new HingeEmbeddingLoss(0.7).of(in[0], y)), a);
        checkGradients("soft", in -> one(new SoftMarginLoss().of(in[0], y)), a);
        assertThatThrownBy(() -> new HingeEmbeddingLoss().of(a, normal(3)))
                .hasMessageContaining("hinge_embedding_loss: expects one shape");
    }

    @Test
    void anglesAndTriplets() {
        Tensor a = normal(3, 4);
        Tensor b = normal(3, 4);
        Tensor n = normal(3, 4);
        Tensor y = Tensor.of(new long[] {1, -1, -1});
        double[] cosine = new double[3];
        double[] triplet = new double[3];
        for (int i = 0; i < 3; i++) {
            double ab = 0;
            double aa = 0;
            double bb = 0;
            double near = 0;
            double far = 0;
            double other = 0;
            for (int d = 0; d < 4; d++) {
                ab += a.get(i, d) * b.get(i, d);
                aa += a.get(i, d) * a.get(i, d);
                bb += b.get(i, d) * b.get(i, d);
                near += Math.pow(Math.abs(a.get(i, d) - b.get(i, d) + 1e-6), 3);
                far += Math.pow(Math.abs(a.get(i, d) - n.get(i, d) + 1e-6), 3);
                other += Math.pow(Math.abs(b.get(i, d) - n.get(i, d) + 1e-6), 3);
            }
            double cos = ab / Math.sqrt(aa * bb);
            cosine[i] = y.get(i) == 1 ? 1 - cos : Math.max(0, cos + 0.4);
            triplet[i] = Math.max(0, Math.cbrt(near) - Math.min(Math.cbrt(far), Math.cbrt(other)) + 1);
        }
        assertThat(new CosineEmbeddingLoss(-0.4).each(a, b, y).toDoubles()).containsExactly(cosine, within(1e-9));
        TripletMarginLoss swapping = new TripletMarginLoss(1, 3, 1e-6, true);
        assertThat(swapping.each(a, b, n).toDoubles()).containsExactly(triplet, within(1e-12));
        assertThat(new TripletMarginLoss().of(a, b, n).mean().item())
                .isCloseTo(Losses.tripletMargin(a, b, n, 1).mean().item(), within(1e-12));
        checkGradients("cosine", in -> one(new CosineEmbeddingLoss(-0.4).of(in[0], in[1], y)), a, b);
        checkGradients("triplet", in -> one(swapping.of(in[0], in[1], in[2])), a, b, n);
        assertThatThrownBy(() -> new CosineEmbeddingLoss().of(a, b, normal(2))).hasMessageContaining("labels [N]");
    }

    @Test
    void marginsOfClasses() {
        Tensor x = normal(3, 4);
        Tensor y = Tensor.of(new long[] {2, 0, 3});
        Tensor w = Tensor.of(new double[] {1, 2, 3, 0.5});
        double[] margins = new double[3];
        for (int r = 0; r < 3; r++) {
            for (int i = 0; i < 4; i++) {
                int own = (int) y.get(r);
                double missing = Math.max(0, 0.8 - x.get(r, own) + x.get(r, i));
                margins[r] += i == own ? 0 : w.get(own) * missing * missing / 4;
            }
        }
        MultiMarginLoss multi = new MultiMarginLoss(2, 0.8, w);
        assertEach(multi.each(x, y), margins);
        assertThat(multi.each(x.select(0, 1), y.narrow(0, 1, 1)).item()).isCloseTo(margins[1], within(1e-12));
        Tensor labels = Tensor.of(new long[] {3, 1, -1, 0, 2, -1, 1, 1, 0, 1, 2, 3}, 3, 4);
        boolean[][] on = {{false, true, false, true}, {false, false, true, false}, {true, true, true, true}};
        double[] several = new double[3];
        for (int r = 0; r < 3; r++) {
            for (int j = 0; j < 4; j++) {
                for (int i = 0; i < 4; i++) {
                    several[r] += on[r][j] && !on[r][i] ? Math.max(0, 1 - x.get(r, j) + x.get(r, i)) / 4 : 0;
                }
            }
        }
        assertEach(new MultiLabelMarginLoss().each(x, labels), several);
        Tensor truth = Tensor.of(new double[] {1, 0, 0, 1, 0.5, 1, 1, 0, 0, 0, 1, 1}, 3, 4);
        double[] soft = new double[3];
        for (int i = 0; i < 12; i++) {
            double p = 1 / (1 + Math.exp(-x.get(i / 4, i % 4)));
            double t = truth.get(i / 4, i % 4);
            soft[i / 4] -= w.get(i % 4) * (t * Math.log(p) + (1 - t) * Math.log(1 - p)) / 4;
        }
        assertEach(new MultiLabelSoftMarginLoss(w).each(x, truth), soft);
        checkGradients("multi", in -> one(multi.of(in[0], y)), x);
        checkGradients("labels", in -> one(new MultiLabelMarginLoss().of(in[0], labels)), x);
        checkGradients("soft", in -> one(new MultiLabelSoftMarginLoss(w).of(in[0], truth)), x);
        assertThatThrownBy(() -> new MultiMarginLoss(3, 1, null)).isInstanceOf(OpException.class);
    }

    @Test
    void probabilitiesThatAreCertain() {
        Tensor p = Tensor.of(new double[] {0.25, 0.9, 0, 1});
        Tensor y = Tensor.of(new double[] {1, 0.5, 1, 1});
        assertEach(
                new BCELoss().each(p, y),
                -Math.log(0.25),
                -0.5 * (Math.log(0.9) + Math.log(0.1)),
                100, // as in PyTorch, not infinite
                0);
        Tensor inside = p.narrow(0, 0, 2);
        Tensor target = y.narrow(0, 0, 2);
        Tensor w = Tensor.of(new double[] {2, 3});
        checkGradients("bce", in -> one(new BCELoss(w).of(in[0], in[1])), inside, target);
    }

    @Test
    void logitsWithBothKindsOfWeights() {
        Tensor z = normal(3, 2);
        Tensor y = Tensor.of(new double[] {1, 0, 0.5, 1, 0, 1}, 3, 2);
        Tensor w = Tensor.of(new double[] {1, 2, 3}, 3, 1);
        Tensor a = Tensor.of(new double[] {3, 0.5});
        double[] expected = new double[6];
        double[] plain = new double[6];
        for (int i = 0; i < 6; i++) {
            double p = 1 / (1 + Math.exp(-z.get(i / 2, i % 2)));
            double t = y.get(i / 2, i % 2);
            plain[i] = -t * Math.log(p) - (1 - t) * Math.log(1 - p);
            expected[i] = w.get(i / 2, 0) * (-a.get(i % 2) * t * Math.log(p) - (1 - t) * Math.log(1 - p));
        }
        BCEWithLogitsLoss weighted = new BCEWithLogitsLoss(w, a);
        assertEach(weighted.each(z, y), expected);
        assertEach(new BCEWithLogitsLoss().each(z, y), plain);
        checkGradients("logits", in -> one(weighted.of(in[0], in[1])), z, y);
    }
}
