package dev.retort.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Optimisers against their published steps, number by number in double.
class OptimizerFormulasTest {
    private static final int STEPS = 8;

    /// One step of one element: the new w from w, g, the kept numbers and the step's number.
    private interface Formula {
        double next(double w, double g, double[] kept, int t);
    }

    private static Parameter start() {
        return new Parameter(Tensor.of(new double[] {1, -2, 0.5, 3}));
    }

    private static Tensor gradient(int step) {
        return Random.normal(new Rng(step), 0, 1, DType.F64, 4);
    }

    private static void check(Function<Map<String, Parameter>, Optimizer> maker, Formula formula, double... kept) {
        Parameter w = start();
        Optimizer optimizer = maker.apply(Map.of("w", w));
        double[] expected = w.tensor().toDoubles();
        double[][] states = new double[4][];
        for (int i = 0; i < 4; i++) {
            states[i] = kept.clone();
        }
        for (int t = 1; t <= STEPS; t++) {
            Tensor g = gradient(t);
            w.tensor().grad(g);
            optimizer.step();
            for (int i = 0; i < 4; i++) {
                expected[i] = formula.next(expected[i], g.get(i), states[i], t);
            }
            assertThat(w.tensor().toDoubles()).as("step " + t).containsExactly(expected, within(1e-12));
        }
    }

    @Test
    void adadelta() {
        check(
                p -> new Adadelta(p, Adadelta.Config.defaults().withWeightDecay(0.1)),
                (w, g, s, t) -> {
                    double d = g + 0.1 * w;
                    s[0] = 0.9 * s[0] + 0.1 * d * d;
                    double move = Math.sqrt(s[1] + 1e-6) / Math.sqrt(s[0] + 1e-6) * d;
                    s[1] = 0.9 * s[1] + 0.1 * move * move;
                    return w - move;
                },
                0,
                0);
    }

    @Test
    void adamax() {
        check(
                p -> new Adamax(p, Adamax.Config.of(0.1).withWeightDecay(0.1)),
                (w, g, s, t) -> {
                    double d = g + 0.1 * w;
                    s[0] = 0.9 * s[0] + 0.1 * d;
                    s[1] = Math.max(0.999 * s[1], Math.abs(d) + 1e-8);
                    return w - 0.1 / (1 - Math.pow(0.9, t)) * s[0] / s[1];
                },
                0,
                0);
    }

    private static double mu(int t) {
        return 0.9 * (1 - 0.5 * Math.pow(0.96, t * 4e-3));
    }

    private static double nadam(double w, double g, double[] s, int t) {
        s[0] *= mu(t);
        s[1] = 0.9 * s[1] + 0.1 * g;
        s[2] = 0.999 * s[2] + 0.001 * g * g;
        double root = Math.sqrt(s[2] / (1 - Math.pow(0.999, t))) + 1e-8;
        return w - 0.1 * ((1 - mu(t)) / (1 - s[0]) * g + mu(t + 1) / (1 - s[0] * mu(t + 1)) * s[1]) / root;
    }

    @Test
    void nadamWithBothKindsOfDecay() {
        check(
                p -> new NAdam(p, NAdam.Config.of(0.1).withWeightDecay(0.1)),
                (w, g, s, t) -> nadam(w, g + 0.1 * w, s, t),
                1,
                0,
                0);
        check(
                p -> new NAdam(p, NAdam.Config.of(0.1).withDecoupledWeightDecay(0.1)),
                (w, g, s, t) -> nadam(w * (1 - 0.1 * 0.1), g, s, t),
                1,
                0,
                0);
    }

    @Test
    void radamBeforeAndAfterItAdapts() {
        check(
                p -> new RAdam(p, RAdam.Config.of(0.1).withBetas(0.9, 0.99).withWeightDecay(0.1)),
                (w, g, s, t) -> {
                    double d = g + 0.1 * w;
                    s[0] = 0.9 * s[0] + 0.1 * d;
                    s[1] = 0.99 * s[1] + 0.01 * d * d;
                    double m = s[0] / (1 - Math.pow(0.9, t));
                    double limit = 2 / 0.01 - 1;
                    double rho = limit - 2 * t * Math.pow(0.99, t) / (1 - Math.pow(0.99, t));
                    if (rho <= 5) {
                        return w - 0.1 * m;
                    }
                    double r = (rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho);
                    double v = Math.sqrt(1 - Math.pow(0.99, t)) / (Math.sqrt(s[1]) + 1e-8);
                    return w - 0.1 * m * Math.sqrt(r) * v;
                },
                0,
                0);
    }

    @Test
    void rprop() {
        check(
                p -> new Rprop(p, Rprop.Config.of(0.1)),
                (w, g, s, t) -> {
                    double sign = Math.signum(g * s[0]);
                    double factor = sign > 0 ? 1.2 : sign < 0 ? 0.5 : 1;
                    s[1] = Math.min(50, Math.max(1e-6, s[1] * factor));
                    double own = sign < 0 ? 0 : g;
                    s[0] = own;
                    return w - Math.signum(own) * s[1];
                },
                0,
                0.1);
    }

    @Test
    void averagedDescent() {
        Parameter w = start();
        ASGD asgd = new ASGD(Map.of("w", w), new ASGD.Config(0.1, 1e-2, 0.75, 3, 0.1));
        check(
                p -> new ASGD(p, new ASGD.Config(0.1, 1e-2, 0.75, 3, 0.1)),
                (v, g, s, t) -> {
                    double d = g + 0.1 * v;
                    double next = v * (1 - 1e-2 * s[0]) - s[0] * d;
                    s[0] = 0.1 / Math.pow(1 + 1e-2 * 0.1 * t, 0.75);
                    return next;
                },
                0.1);
        double[] sum = new double[4];
        for (int t = 1; t <= 6; t++) {
            w.tensor().grad(gradient(t));
            asgd.step();
            for (int i = 0; i < 4; i++) {
                // mu was 1/max(1, t − 1 − t0): from step 5 on a mean of the values from step 4 on
                sum[i] = t <= 4 ? w.tensor().get(i) : sum[i] + (w.tensor().get(i) - sum[i]) / Math.max(1, t - 4);
            }
        }
        assertThat(asgd.stateDict().get("w.ax").toDoubles()).containsExactly(sum, within(1e-12));
    }

    @Test
    void amsgradKeepsTheLargest() {
        Formula coupled = (w, g, s, t) -> {
            s[0] = 0.9 * s[0] + 0.1 * g;
            s[1] = 0.5 * s[1] + 0.5 * g * g;
            s[2] = Math.max(s[2], s[1]);
            double root = Math.sqrt(s[2]) / Math.sqrt(1 - Math.pow(0.5, t)) + 1e-8;
            return w - 0.1 / (1 - Math.pow(0.9, t)) * s[0] / root;
        };
        Adam.Config config = Adam.Config.of(0.1).withBetas(0.9, 0.5).withAmsgrad();
        check(
                p -> new Adam(p, config.withWeightDecay(0.2)),
                (w, g, s, t) -> coupled.next(w, g + 0.2 * w, s, t),
                0,
                0,
                0);
        check(
                p -> new AdamW(p, config.withWeightDecay(0.2)),
                (w, g, s, t) -> coupled.next(w * (1 - 0.1 * 0.2), g, s, t),
                0,
                0,
                0);
        assertThatThrownBy(() -> new LAMB(Map.of(), config)).isInstanceOf(OpException.class);
    }

    @Test
    void adafactorKeepsRowsAndColumns() {
        Tensor value = Random.normal(new Rng(1), 0, 1, DType.F64, 2, 3);
        Parameter w = new Parameter(value.copy());
        Adafactor adafactor =
                new Adafactor(Map.of("w", w), Adafactor.Config.of(0.05).withWeightDecay(0.1));
        double[][] x = new double[2][3];
        double[] rows = new double[2];
        double[] columns = new double[3];
        for (int i = 0; i < 6; i++) {
            x[i / 3][i % 3] = value.get(i / 3, i % 3);
        }
        for (int t = 1; t <= 3; t++) {
            Tensor g = Random.normal(new Rng(t + 5), 0, 1, DType.F64, 2, 3);
            w.tensor().grad(g);
            adafactor.step();
            adafactorStep(x, g, rows, columns, t);
            for (int i = 0; i < 6; i++) {
                assertThat(w.tensor().get(i / 3, i % 3)).isCloseTo(x[i / 3][i % 3], within(1e-12));
            }
        }
        assertThat(adafactor.stateDict().get("w.row_var").shape().dims()).containsExactly(2, 1);
        assertThat(adafactor.stateDict().get("w.col_var").shape().dims()).containsExactly(1, 3);
        Parameter bias = start();
        Adafactor plain = new Adafactor(Map.of("b", bias), Adafactor.Config.of(0.05));
        bias.tensor().grad(Tensor.of(new double[] {1, -1, 2, -3})); // at first √v = |g|: the direction is the sign
        plain.step();
        double rate = 0.05 * Math.sqrt((1 + 4 + 0.25 + 9) / 4);
        assertThat(bias.tensor().toDoubles())
                .containsExactly(new double[] {1 - rate, -2 + rate, 0.5 - rate, 3 + rate}, within(1e-12));
    }

    private static void adafactorStep(double[][] x, Tensor g, double[] rows, double[] columns, int t) {
        double memory = Math.pow(t, -0.8);
        double norm = 0;
        for (int i = 0; i < 6; i++) {
            norm += x[i / 3][i % 3] * x[i / 3][i % 3];
        }
        double rate = Math.max(1e-3, Math.sqrt(norm / 6)) * Math.min(0.05, 1 / Math.sqrt(t));
        for (int r = 0; r < 2; r++) {
            double mean = 0;
            for (int c = 0; c < 3; c++) {
                mean += g.get(r, c) * g.get(r, c) / 3;
            }
            rows[r] += memory * (mean - rows[r]);
        }
        for (int c = 0; c < 3; c++) {
            double mean = (g.get(0, c) * g.get(0, c) + g.get(1, c) * g.get(1, c)) / 2;
            columns[c] += memory * (mean - columns[c]);
        }
        double[] move = new double[6];
        double size = 0;
        for (int i = 0; i < 6; i++) {
            double v = rows[i / 3] * columns[i % 3] / ((rows[0] + rows[1]) / 2);
            move[i] = g.get(i / 3, i % 3) / Math.sqrt(v);
            size += move[i] * move[i] / 6;
        }
        for (int i = 0; i < 6; i++) {
            double decayed = x[i / 3][i % 3] * (1 - 0.05 * 0.1);
            x[i / 3][i % 3] = decayed - rate / Math.max(1, Math.sqrt(size)) * move[i];
        }
    }

    @Test
    void muonMovesAlongAnOrthogonalMatrix() {
        Tensor value = Random.normal(new Rng(1), 0, 1, DType.F64, 6, 3);
        Parameter w = new Parameter(value.copy());
        Muon muon = new Muon(Map.of("w", w), Muon.Config.of(0.1).withWeightDecay(0.5));
        Tensor g = Random.normal(new Rng(2), 0, 1, DType.F64, 6, 3);
        w.tensor().grad(g);
        muon.step();
        Tensor move = value.mul(1 - 0.1 * 0.5).sub(w.tensor().detach()).div(0.1 * Math.sqrt(2));
        double[] singular = move.svd().s().toDoubles();
        for (double s : singular) {
            assertThat(s).isBetween(0.6, 1.3);
        }
        // the same singular vectors: Mᵀ·G is symmetric
        Tensor product = move.transpose(0, 1).matmul(g);
        assertThat(product.sub(product.transpose(0, 1)).abs().amax().item()).isLessThan(1e-10);
        Parameter bias = start();
        bias.tensor().grad(gradient(1));
        assertThatThrownBy(() -> new Muon(Map.of("b", bias), Muon.Config.defaults()).step())
                .hasMessageContaining("muon: expects matrices");
    }

    /// Rosenbrock's valley, whose only minimum is at (1, 1).
    private static Supplier<Tensor> valley(Parameter w) {
        return () -> {
            w.zeroGrad();
            Tensor x = w.value().select(0, 0);
            Tensor y = w.value().select(0, 1);
            Tensor loss =
                    x.neg().add(1.0).square().add(y.sub(x.square()).square().mul(100.0));
            loss.backward();
            return loss;
        };
    }

    @Test
    void quasiNewtonFindsTheMinimumAndResumes() {
        Parameter w = new Parameter(Tensor.of(new double[] {-1.5, 2}));
        LBFGS search = new LBFGS(Map.of("w", w), LBFGS.Config.defaults().withStrongWolfe());
        double before = search.step(valley(w));
        assertThat(before).isEqualTo(2.5 * 2.5 + 100 * 0.25 * 0.25);
        for (int i = 0; i < 3; i++) {
            search.step(valley(w));
        }
        assertThat(w.tensor().toDoubles()).containsExactly(new double[] {1, 1}, within(1e-5));

        Parameter whole = new Parameter(Tensor.of(new double[] {0.5, 0.6}));
        LBFGS.Config few = LBFGS.Config.of(0.1).withMaxIterations(3);
        LBFGS straight = new LBFGS(Map.of("w", whole), few);
        straight.step(valley(whole));
        Parameter rest = new Parameter(whole.tensor().detach().copy());
        LBFGS resumed = new LBFGS(Map.of("w", rest), few);
        resumed.loadStateDict(straight.stateDict());
        straight.step(valley(whole));
        resumed.step(valley(rest));
        assertThat(rest.tensor().toDoubles()).isEqualTo(whole.tensor().toDoubles());
        assertThatThrownBy(() -> new LBFGS(Map.of("v", start()), few).loadStateDict(straight.stateDict()))
                .hasMessageContaining("of 4 numbers, got F64[2]");
    }

    @Test
    void firstStepsOfQuasiNewtonByHand() {
        Parameter w = new Parameter(Tensor.of(new double[] {4, 1}));
        LBFGS search = new LBFGS(Map.of("w", w), new LBFGS.Config(1, 2, 9, 1e-7, 1e-9, 100, false));
        Supplier<Tensor> bowl = () -> {
            w.zeroGrad();
            Tensor loss =
                    w.value().square().mul(Tensor.of(new double[] {0.5, 1})).sum();
            loss.backward();
            return loss;
        };
        search.step(bowl); // g = (4, 2): t = 1/6, then y = (2/3, 2/3), s = (2/3, 1/3)
        double[] x = {4 - 4 / 6.0, 1 - 2 / 6.0};
        double[] g = {x[0], 2 * x[1]};
        double[] s = {-4 / 6.0, -2 / 6.0};
        double[] y = {-4 / 6.0, -4 / 6.0};
        double ys = y[0] * s[0] + y[1] * s[1];
        double scale = ys / (y[0] * y[0] + y[1] * y[1]);
        double a = -(s[0] * g[0] + s[1] * g[1]) / ys;
        double[] q = {(-g[0] - a * y[0]) * scale, (-g[1] - a * y[1]) * scale};
        double b = a - (y[0] * q[0] + y[1] * q[1]) / ys;
        assertThat(w.tensor().toDoubles())
                .containsExactly(new double[] {x[0] + q[0] + b * s[0], x[1] + q[1] + b * s[1]}, within(1e-12));
    }

    @TestFactory
    Stream<DynamicTest> savedStateGoesOnWithTheSameBits() {
        Map<String, Function<Map<String, Parameter>, Optimizer>> makers = new LinkedHashMap<>();
        makers.put("Adadelta", p -> new Adadelta(p, Adadelta.Config.defaults()));
        makers.put("Adamax", p -> new Adamax(p, Adamax.Config.defaults()));
        makers.put("NAdam", p -> new NAdam(p, NAdam.Config.defaults()));
        makers.put("RAdam", p -> new RAdam(p, RAdam.Config.of(0.1).withBetas(0.9, 0.99)));
        makers.put("Rprop", p -> new Rprop(p, Rprop.Config.defaults()));
        makers.put("ASGD", p -> new ASGD(p, new ASGD.Config(0.1, 1e-2, 0.75, 1, 0)));
        makers.put("Adafactor", p -> new Adafactor(p, Adafactor.Config.defaults()));
        makers.put("AMSGrad", p -> new Adam(p, Adam.Config.defaults().withAmsgrad()));
        return makers.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    Parameter whole = start();
                    Optimizer straight = entry.getValue().apply(Map.of("w", whole));
                    run(straight, whole, 0, 6);
                    Parameter half = start();
                    Optimizer first = entry.getValue().apply(Map.of("w", half));
                    run(first, half, 0, 3);
                    Parameter rest = new Parameter(half.tensor().detach().copy());
                    Optimizer second = entry.getValue().apply(Map.of("w", rest));
                    second.loadStateDict(first.stateDict());
                    run(second, rest, 3, 6);
                    assertThat(rest.tensor().toDoubles())
                            .isEqualTo(whole.tensor().toDoubles());
                }));
    }

    private static void run(Optimizer optimizer, Parameter w, int from, int to) {
        for (int i = from; i < to; i++) {
            w.tensor().grad(gradient(i));
            optimizer.step();
        }
    }
}
