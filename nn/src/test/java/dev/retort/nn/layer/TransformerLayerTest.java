package dev.retort.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Module;
import dev.retort.nn.ModuleException;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Encoder and decoder layers against their definition in plain loops; lists and normalisations without
/// weights.
class TransformerLayerTest {
    private static final int E = 4;
    private static final int HEADS = 2;
    private final Rng rng = new Rng(31);

    private static TransformerConfig config() {
        return TransformerConfig.of(E, HEADS).withHidden(6).withDropout(0);
    }

    private Tensor normal(int... shape) {
        return Random.normal(rng, 0, 1, DType.F64, shape);
    }

    private static <M extends Module> M doubles(M module) {
        module.to(DType.F64);
        Rng own = new Rng(4);
        // biases and normalisations are constants at first, which would hide mistakes
        module.parameters()
                .forEach(p ->
                        p.set(Random.normal(own, 0.3, 0.5, DType.F64, p.shape().dims())));
        return module;
    }

    private static double[][] linear(double[][] x, Tensor weight, Tensor bias, int from, int count) {
        double[][] y = new double[x.length][count];
        for (int r = 0; r < x.length; r++) {
            for (int o = 0; o < count; o++) {
                y[r][o] = bias.get(from + o);
                for (int i = 0; i < x[r].length; i++) {
                    y[r][o] += weight.get(from + o, i) * x[r][i];
                }
            }
        }
        return y;
    }

    private static double[][] attention(
            Map<String, Tensor> s, String name, double[][] query, double[][] memory, boolean causal) {
        Tensor w = s.get(name + ".in_proj_weight");
        Tensor b = s.get(name + ".in_proj_bias");
        double[][] q = linear(query, w, b, 0, E);
        double[][] k = linear(memory, w, b, E, E);
        double[][] v = linear(memory, w, b, 2 * E, E);
        double[][] joined = new double[query.length][E];
        int width = E / HEADS;
        for (int h = 0; h < HEADS; h++) {
            for (int i = 0; i < query.length; i++) {
                double sum = 0;
                for (int j = 0; j < (causal ? i + 1 : memory.length); j++) {
                    double score = 0;
                    for (int d = h * width; d < (h + 1) * width; d++) {
                        score += q[i][d] * k[j][d] / Math.sqrt(width);
                    }
                    sum += Math.exp(score);
                    for (int d = h * width; d < (h + 1) * width; d++) {
                        joined[i][d] += Math.exp(score) * v[j][d];
                    }
                }
                for (int d = h * width; d < (h + 1) * width; d++) {
                    joined[i][d] /= sum;
                }
            }
        }
        return linear(joined, s.get(name + ".out_proj.weight"), s.get(name + ".out_proj.bias"), 0, E);
    }

    private static double[][] norm(Map<String, Tensor> s, String name, double[][] x) {
        double[][] y = new double[x.length][E];
        for (int r = 0; r < x.length; r++) {
            double mean = 0;
            double var = 0;
            for (double e : x[r]) {
                mean += e / E;
            }
            for (double e : x[r]) {
                var += (e - mean) * (e - mean) / E;
            }
            for (int d = 0; d < E; d++) {
                y[r][d] = (x[r][d] - mean)
                                / Math.sqrt(var + 1e-5)
                                * s.get(name + ".weight").get(d)
                        + s.get(name + ".bias").get(d);
            }
        }
        return y;
    }

    private static double[][] feedForward(Map<String, Tensor> s, double[][] x) {
        double[][] hidden = linear(x, s.get("linear1.weight"), s.get("linear1.bias"), 0, 6);
        for (double[] row : hidden) {
            for (int i = 0; i < row.length; i++) {
                row[i] = Math.max(0, row[i]);
            }
        }
        return linear(hidden, s.get("linear2.weight"), s.get("linear2.bias"), 0, E);
    }

    private static double[][] sum(double[][] a, double[][] b) {
        double[][] y = new double[a.length][E];
        for (int r = 0; r < a.length; r++) {
            for (int d = 0; d < E; d++) {
                y[r][d] = a[r][d] + b[r][d];
            }
        }
        return y;
    }

    /// Sample `b` of sequences [T, B, E].
    private static double[][] rows(Tensor x, int b) {
        double[][] rows = new double[x.size(0)][];
        for (int t = 0; t < rows.length; t++) {
            rows[t] = x.select(0, t).select(0, b).toDoubles();
        }
        return rows;
    }

    private static void assertRows(Tensor y, int b, double[][] expected) {
        for (int t = 0; t < expected.length; t++) {
            assertThat(y.select(0, t).select(0, b).toDoubles()).containsExactly(expected[t], within(1e-10));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void encoderLayer(boolean normFirst) {
        TransformerConfig config = normFirst ? config().withNormFirst() : config();
        TransformerEncoderLayer layer = doubles(new TransformerEncoderLayer(config, rng));
        Tensor x = normal(3, 2, E);
        Tensor y = layer.call(x, null, true);
        Map<String, Tensor> s = layer.stateDict();
        for (int b = 0; b < 2; b++) {
            double[][] in = rows(x, b);
            double[][] expected;
            if (normFirst) {
                double[][] own = norm(s, "norm1", in);
                double[][] mid = sum(in, attention(s, "self_attn", own, own, true));
                expected = sum(mid, feedForward(s, norm(s, "norm2", mid)));
            } else {
                double[][] mid = norm(s, "norm1", sum(in, attention(s, "self_attn", in, in, true)));
                expected = norm(s, "norm2", sum(mid, feedForward(s, mid)));
            }
            assertRows(y, b, expected);
        }
        assertThat(s.keySet())
                .containsExactlyInAnyOrder(
                        "self_attn.in_proj_weight",
                        "self_attn.in_proj_bias",
                        "self_attn.out_proj.weight",
                        "self_attn.out_proj.bias",
                        "linear1.weight",
                        "linear1.bias",
                        "linear2.weight",
                        "linear2.bias",
                        "norm1.weight",
                        "norm1.bias",
                        "norm2.weight",
                        "norm2.bias");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void decoderLayer(boolean normFirst) {
        TransformerConfig config = normFirst ? config().withNormFirst() : config();
        TransformerDecoderLayer layer = doubles(new TransformerDecoderLayer(config, rng));
        Tensor x = normal(3, 1, E);
        Tensor memory = normal(5, 1, E);
        Tensor y = layer.call(x, memory);
        Map<String, Tensor> s = layer.stateDict();
        double[][] in = rows(x, 0);
        double[][] seen = rows(memory, 0);
        double[][] expected;
        if (normFirst) {
            double[][] own = norm(s, "norm1", in);
            double[][] mid = sum(in, attention(s, "self_attn", own, own, true));
            double[][] cross = sum(mid, attention(s, "multihead_attn", norm(s, "norm2", mid), seen, false));
            expected = sum(cross, feedForward(s, norm(s, "norm3", cross)));
        } else {
            double[][] mid = norm(s, "norm1", sum(in, attention(s, "self_attn", in, in, true)));
            double[][] cross = norm(s, "norm2", sum(mid, attention(s, "multihead_attn", mid, seen, false)));
            expected = norm(s, "norm3", sum(cross, feedForward(s, cross)));
        }
        assertRows(y, 0, expected);
    }

    @Test
    void wholeTransformerIgnoresPaddingAndTheFuture() {
        Transformer model = new Transformer(config().withBatchFirst(), 2, 1, rng);
        Tensor source = Random.normal(rng, 2, 5, E);
        Tensor target = Random.normal(rng, 2, 3, E);
        Tensor mask = Transformer.lengthMask(5, 5, 3);
        Tensor y = model.call(source, target, mask, null, true);
        assertThat(y.shape()).isEqualTo(Shape.of(2, 3, E));
        Tensor cut = source.narrow(0, 1, 1).narrow(1, 0, 3);
        Tensor alone = model.call(cut, target.narrow(0, 1, 1));
        assertThat(alone.sub(y.narrow(0, 1, 1)).abs().amax().item()).isLessThan(1e-5);
        Tensor begun = model.call(source, target.narrow(1, 0, 2), mask, null, true);
        assertThat(begun.sub(y.narrow(1, 0, 2)).abs().amax().item()).isLessThan(1e-5);
        assertThat(model.stateDict())
                .containsKeys("encoder.layers.1.linear1.weight", "encoder.norm.bias", "decoder.layers.0.norm3.weight");
        assertThat(new TransformerEncoderLayer(config().withoutBias(), rng)
                        .stateDict()
                        .keySet())
                .noneMatch(name -> name.endsWith("bias"));
        assertThatThrownBy(() -> model.call(Tensor.zeros(2, 5, 3), target))
                .isInstanceOf(ModuleException.class)
                .hasMessageStartingWith("encoder.layers.0.self_attn: attention: expects query");
        assertThatThrownBy(() -> new TransformerEncoder(config(), 0, true, rng)).isInstanceOf(OpException.class);
    }

    @Test
    void listsNameTheirModules() {
        ModuleList<Linear> list = new ModuleList<>(new Linear(2, 3, rng), new Linear(3, 1, rng));
        assertThat(list.stateDict()).containsOnlyKeys("0.weight", "0.bias", "1.weight", "1.bias");
        assertThat(list.get(1).call(list.get(0).call(Tensor.zeros(4, 2))).shape())
                .isEqualTo(Shape.of(4, 1));
        assertThat(list).hasSize(2);
        ModuleDict<Linear> dict = new ModuleDict<>();
        dict.put("head", new Linear(2, 1, rng));
        assertThat(dict.stateDict()).containsOnlyKeys("head.weight", "head.bias");
        assertThat(dict.all()).containsOnlyKeys("head");
        assertThatThrownBy(() -> dict.get("tail")).hasMessage("module dict: expects one of [head], got tail");
    }

    @Test
    void normalisationsWithoutWeights() {
        Tensor x = normal(2, 4, 3);
        LayerNorm whole = new LayerNorm(Shape.of(4, 3), 1e-5, false, false);
        Tensor y = whole.call(x);
        assertThat(whole.parameters()).isEmpty();
        assertThat(y.select(0, 1).mean().item()).isCloseTo(0, within(1e-12));
        assertThat(y.select(0, 1).square().mean().item()).isCloseTo(1, within(1e-4));
        assertThatThrownBy(() -> whole.call(normal(2, 3, 3)))
                .hasMessage("layer_norm: expects last dimensions [4, 3], got F64[2, 3, 3]");
        assertThat(new LayerNorm(Shape.of(3), 1e-5, true, false).stateDict()).containsOnlyKeys("weight");
        Tensor scaled = new RmsNorm(Shape.of(4, 3), 0, false).call(x);
        assertThat(scaled.select(0, 1).square().mean().item()).isCloseTo(1, within(1e-12));
        assertThatThrownBy(() -> new RmsNorm(Shape.of(5), 0, false).call(x)).isInstanceOf(OpException.class);
        Tensor groups = new GroupNorm(2, 4, 0, false).call(x);
        assertThat(groups.narrow(1, 0, 2).select(0, 0).square().mean().item()).isCloseTo(1, within(1e-12));
        assertThatThrownBy(() -> new GroupNorm(2, 4, 0, false).call(normal(2, 6, 3)))
                .hasMessage("group_norm: expects input [N, 4, ...], got F64[2, 6, 3]");
    }

    @Test
    void instancesWithRunningStatistics() {
        InstanceNorm norm = new InstanceNorm(1, 1e-5, true, true);
        norm.to(DType.F64);
        Tensor x = Tensor.of(new double[] {1, 3, 10, 20}, 2, 1, 2);
        norm.call(x);
        Map<String, Tensor> s = norm.stateDict();
        assertThat(s.get("running_mean").item()).isCloseTo(0.1 * (2 + 15) / 2, within(1e-12));
        assertThat(s.get("running_var").item()).isCloseTo(0.9 + 0.1 * (2 + 50) / 2, within(1e-12));
        assertThat(s.get("num_batches_tracked").item()).isOne();
        norm.eval();
        double expected = (10 - s.get("running_mean").item())
                / Math.sqrt(s.get("running_var").item() + 1e-5);
        assertThat(norm.call(x).get(1, 0, 0)).isCloseTo(expected, within(1e-12));
        assertThat(s.get("num_batches_tracked").item()).isOne();
    }
}
