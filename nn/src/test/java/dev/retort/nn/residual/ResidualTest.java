package dev.retort.nn.residual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Module;
import dev.retort.nn.residual.LaurelConfig.Part;
import dev.retort.nn.residual.ResidualFactory.Placement;
import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What connections compute, count and start as.
class ResidualTest {
    private final Rng rng = new Rng(2);

    /// `depth` blocks of two sub-layers.
    private static final class Net extends Module {
        private final ResidualStack stack;
        private final List<SubLayers> blocks = new ArrayList<>();
        private final List<Branch> branches = new ArrayList<>();

        Net(ResidualFactory factory, Layout layout, int depth, int width, Rng rng) {
            stack = new ResidualStack(factory, layout, depth, 2, rng);
            for (int i = 0; i < depth; i++) {
                blocks.add(child("b" + i, stack.block(width)));
                double shift = i + 1;
                branches.add(Branch.of(x -> x.mul(0.3).add(shift).sin()).withNorm(x -> x.mul(0.5)));
                branches.add(Branch.of(x -> x.mul(-0.7).add(shift).sin()));
            }
        }

        Tensor call(Tensor x) {
            ResidualStream stream = stack.open(x);
            for (int i = 0; i < blocks.size(); i++) {
                blocks.get(i).connect(stream, branches.get(2 * i), branches.get(2 * i + 1));
            }
            return stream.value();
        }
    }

    private Net net(String spec, Layout layout) {
        return new Net(ResidualSpec.parse(spec), layout, 3, 8, rng);
    }

    private Tensor input(Layout layout) {
        return layout == Layout.CHANNELS_FIRST ? Random.normal(rng, 2, 8, 3, 2) : Random.normal(rng, 2, 5, 8);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "laurel-rw",
                "laurel-rw:weights=channel",
                "laurel-rw:normaliser=sigmoid-pair2",
                "laurel-rw:normaliser=none",
                "laurel-lr:rank=4",
                "laurel-lr:rank=3,init=xavier",
                "laurel-pa",
                "laurel-rw+lr:rank=4",
                "laurel-rw+pa",
                "laurel-lr+pa:rank=4",
                "laurel-lr+pa:rank=4,pairs=shared",
                "laurel-rw+lr+pa:rank=4,lags=2",
                "denseformer",
                "skipinit:start=1",
                "layerscale:start=1",
                "hyper-static:lanes=4",
                "hyper-static:lanes=2"
            })
    void startsAsThePlainConnectionToTheBit(String spec) {
        for (Layout layout : Layout.values()) {
            Tensor x = input(layout);
            ResidualSpec parsed = ResidualSpec.parse(spec);
            Net plain = new Net(placed(parsed.placement()), layout, 3, 8, rng);
            assertThat(net(spec, layout).call(x).toFloats())
                    .isEqualTo(plain.call(x).toFloats());
        }
    }

    private static ResidualFactory placed(Placement placement) {
        return new ResidualFactory() {
            @Override
            public Residual create(ResidualPlace place, Rng unused) {
                return new PlainResidual();
            }

            @Override
            public Placement placement() {
                return placement;
            }
        };
    }

    @ParameterizedTest
    @ValueSource(strings = {"hyper:lanes=3", "hyper:lanes=4", "mhc:lanes=4", "mhc:lanes=2", "hyper-static:lanes=3"})
    void lanesStartAsThePlainConnectionUpToRounding(String spec) {
        for (Layout layout : Layout.values()) {
            Tensor x = input(layout);
            float[] plain = net("plain", layout).call(x).toFloats();
            float[] ours = net(spec, layout).call(x).toFloats();
            for (int i = 0; i < plain.length; i++) {
                assertThat(ours[i]).isCloseTo(plain[i], within(4e-6f));
            }
        }
    }

    @Test
    void onePlacementIsTheOther() {
        Tensor x = input(Layout.CHANNELS_LAST);
        float[] each = net("plain", Layout.CHANNELS_LAST).call(x).toFloats();
        float[] whole = net("laurel-rw", Layout.CHANNELS_LAST).call(x).toFloats();
        for (int i = 0; i < each.length; i++) {
            assertThat(whole[i]).isCloseTo(each[i], within(2e-6f));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // Table 4 of the paper: 1 or 2; 2rD; k; 2rkD + k; and the text's shared pair, 2rD + k
        "'laurel-rw', 2",
        "'laurel-rw:normaliser=sigmoid', 1",
        "'laurel-rw:weights=channel', 2000",
        "'laurel-lr:rank=4', 8000",
        "'laurel-pa:lags=3', 3",
        "'laurel-lr+pa:rank=4,lags=3', 24003",
        "'laurel-lr+pa:rank=4,lags=3,pairs=shared', 8003",
        "'laurel-rw+lr:rank=4', 8002",
        "'laurel-rw+pa:lags=3', 5",
        "'laurel-rw+lr+pa:rank=4,lags=3', 24005",
        "'gemma3n:rank=64', 129000",
        "'rezero', 1",
        "'skipinit', 1",
        "'layerscale', 1000",
        "'highway', 1001000",
        "'denseformer', 8",
        "'hyper-static:lanes=4', 24",
        "'hyper:lanes=4', 6026",
        "'mhc:lanes=4', 96027",
        "'value', 0",
        "'plain', 0"
    })
    void parametersAreThePapers(String spec, long expected) {
        ResidualPlace late = new ResidualPlace(6, 20, 1000, 7, false, 0, Layout.CHANNELS_LAST);
        assertThat(ResidualSpec.parse(spec).create(late, rng).parameterCount()).isEqualTo(expected);
    }

    @Test
    void thePapersExamples() {
        // section 3.2.1: N = 20 layers of D = 1000 with r = 4: 2N(4D + 1)
        assertThat(new Net(ResidualSpec.parse("laurel-rw+lr:rank=4"), Layout.CHANNELS_LAST, 20, 1000, rng)
                        .parameterCount())
                .isEqualTo(160_040);
        // Table 5's 24 layers with r = 32, k = 3 and, as its numbers fit, D = 768: 1.2 million more for RW+LR
        assertThat(new Net(ResidualSpec.parse("laurel-rw+lr:rank=32"), Layout.CHANNELS_LAST, 24, 768, rng)
                        .parameterCount())
                .isEqualTo(1_179_648 + 48);
        // Gemma 3n E4B: 35 layers of width 2048 with rank 64
        assertThat(new Net(ResidualSpec.parse("gemma3n:rank=64"), Layout.CHANNELS_LAST, 35, 2048, rng).parameterCount())
                .isEqualTo(9_246_720);
    }

    @Test
    void earlyConnectionsHaveFewerActivations() {
        Net net = new Net(ResidualSpec.parse("laurel-pa:lags=3"), Layout.CHANNELS_LAST, 4, 8, rng);
        assertThat(net.namedParameters().values()).extracting(p -> p.numel()).containsExactly(1, 2, 3, 3);
        Net fine = new Net(ResidualSpec.parse("laurel-pa:lags=3,per=sublayer"), Layout.CHANNELS_LAST, 2, 8, rng);
        assertThat(fine.namedParameters().values()).extracting(p -> p.numel()).containsExactly(1, 2, 3, 3);
        Net dense = new Net(ResidualSpec.parse("denseformer"), Layout.CHANNELS_LAST, 3, 8, rng);
        assertThat(dense.namedParameters().values()).extracting(p -> p.numel()).containsExactly(2, 3, 4);
    }

    @Test
    void columnOrthogonalFactors() {
        Tensor down = LowRankInit.COLUMN_ORTHOGONAL.down(4, 12, rng);
        double[] gram = down.matmul(down.t()).toDoubles();
        for (int i = 0; i < gram.length; i++) {
            assertThat(gram[i]).isCloseTo(i % 5 == 0 ? 1.0 / 16 : 0, within(1e-7));
        }
        assertThat(down.get(1, 5)).isCloseTo(1 / Math.sqrt(48), within(1e-7));
        assertThat(down.get(1, 6)).isZero();
    }

    @Test
    void previousActivationsByHand() {
        ResidualStack stack = new ResidualStack(
                ResidualSpec.parse("laurel-rw+pa:lags=2,normaliser=none"), Layout.CHANNELS_LAST, 2, 1, rng);
        Residual first = stack.next(1, false);
        Residual second = stack.next(1, false);
        first.loadStateDict(
                Map.of("weights", Tensor.of(new float[] {2, 3}, 2), "gamma", Tensor.of(new float[] {0.5f}, 1)));
        second.loadStateDict(
                Map.of("weights", Tensor.of(new float[] {1, 2}, 2), "gamma", Tensor.of(new float[] {0.25f, 10}, 2)));
        ResidualStream stream = stack.open(Tensor.of(new float[] {4}, 1, 1));
        first.connect(stream, Branch.of(x -> x.mul(10)));
        assertThat(stream.value().item()).isEqualTo(2 * 40 + 3 * (4 + 0.5 * 4));
        double x1 = 98;
        second.connect(stream, Branch.of(x -> x.add(1)));
        assertThat(stream.value().item()).isEqualTo(99 + 2 * (x1 + 0.25 * x1 + 10 * 4));
    }

    @Test
    void onePairWithOneLagAndGammaOneIsLowRankAlone() {
        for (Layout layout : Layout.values()) {
            Net mixed = net("laurel-lr+pa:rank=4,lags=1", layout);
            Net alone = net("laurel-lr:rank=4", layout);
            alone.namedParameters().forEach((name, p) -> {
                Tensor value = Random.normal(rng, p.shape().dims());
                p.set(value);
                mixed.namedParameters().get(name.replace("pair.", "pair0.")).set(value);
            });
            Tensor x = input(layout);
            assertThat(mixed.call(x).toFloats()).isEqualTo(alone.call(x).toFloats());
        }
    }

    @Test
    void denseFormerAveragesTheOutputsOfBlocks() {
        ResidualStack stack = new ResidualStack(ResidualSpec.parse("denseformer"), Layout.CHANNELS_LAST, 2, 1, rng);
        Residual first = stack.next(1, false);
        Residual second = stack.next(1, false);
        first.loadStateDict(Map.of("weights", Tensor.of(new float[] {2, 3}, 2)));
        second.loadStateDict(Map.of("weights", Tensor.of(new float[] {1, 10, 100}, 3)));
        ResidualStream stream = stack.open(Tensor.of(new float[] {1}, 1, 1));
        first.connect(stream, Branch.of(x -> x.mul(4)));
        double y1 = 2 * 1 + 3 * 5;
        assertThat(stream.value().item()).isEqualTo(y1);
        second.connect(stream, Branch.of(x -> x.mul(1)));
        assertThat(stream.value().item()).isEqualTo(1 + 10 * 5 + 100 * (y1 + y1));
    }

    @Test
    void gemmasBlockByHand() {
        ResidualPlace place = new ResidualPlace(0, 2, 2, 1, false, 0, Layout.CHANNELS_LAST);
        Residual block = ResidualSpec.parse("gemma3n:rank=1").create(place, rng);
        block.loadStateDict(Map.of(
                "pair.down", Tensor.of(new float[] {1, 2}, 1, 2),
                "pair.up", Tensor.of(new float[] {3, 4}, 2, 1),
                "norm", Tensor.of(new float[] {1, 10}, 2)));
        ResidualStack stack = new ResidualStack(ResidualSpec.parse("gemma3n"), Layout.CHANNELS_LAST, 1, 1, rng);
        ResidualStream stream = stack.open(Tensor.of(new float[] {5, 6}, 1, 2));
        block.connect(stream, Branch.of(u -> u.mul(100)).withNorm(u -> u.sub(4)));
        double[] u = {1, 2};
        double h = 1 * 1 + 2 * 2;
        double rms = Math.sqrt((9 * h * h + 16 * h * h) / 2);
        double[] y = stream.value().toDoubles();
        assertThat(y[0]).isCloseTo((5 + 100 * u[0] + u[0] + 3 * h / rms) / Math.sqrt(2), within(1e-4));
        assertThat(y[1]).isCloseTo((6 + 100 * u[1] + u[1] + 10 * 4 * h / rms) / Math.sqrt(2), within(1e-4));
        ResidualPlace feedForward = new ResidualPlace(1, 2, 2, 2, false, 1, Layout.CHANNELS_LAST);
        assertThat(ResidualSpec.parse("gemma3n:rank=1").create(feedForward, rng))
                .isInstanceOf(PlainResidual.class);
    }

    @Test
    void mixingMatricesOnTheManifoldKeepTheSumOfTheLanes() {
        ResidualPlace place = new ResidualPlace(0, 1, 3, 1, false, 0, Layout.CHANNELS_LAST);
        Residual residual = ResidualSpec.parse("mhc:lanes=3").create(place, rng);
        residual.parameters().forEach(p -> p.set(Random.normal(rng, p.shape().dims())));
        ResidualStream stream = new ResidualStream(Random.normal(rng, 2, 4, 3), 3, 1);
        residual.connect(stream, Branch.of(x -> x)); // makes the lanes differ
        float[] before = stream.value().toFloats();
        residual.connect(stream, Branch.of(x -> x.mul(0.0)));
        float[] after = stream.value().toFloats();
        for (int i = 0; i < before.length; i++) {
            assertThat(after[i]).isCloseTo(before[i], within(1e-4f));
        }
    }

    @Test
    void valuesOfTheFirstLayerComeBack() {
        ResidualSpec spec = ResidualSpec.parse("value");
        ResidualStack stack = new ResidualStack(spec, Layout.CHANNELS_LAST, 2, 2, rng);
        ResidualStream stream = stack.open(Tensor.zeros(1, 1, 1));
        Tensor one = Tensor.of(new float[] {1, 2}, 2);
        assertThat(stack.values(0).call(one, stream)).isSameAs(one);
        assertThat(stack.values(1)
                        .call(Tensor.of(new float[] {3, 6}, 2), stream)
                        .toFloats())
                .containsExactly(2, 4);
        ValueResidual trained = ResidualSpec.parse("value:mix=trained").values(1);
        trained.loadStateDict(Map.of("mix", Tensor.of(new float[] {(float) Math.log(3)}, 1)));
        assertThat(trained.call(Tensor.of(new float[] {5, 2}, 2), stream).toDoubles()[0])
                .isCloseTo(0.25 * 5 + 0.75 * 1, within(1e-6));
        assertThat(new ResidualStack(ResidualFactory.PLAIN, Layout.CHANNELS_LAST, 2, 2, rng).values(1))
                .isNull();
    }

    @ParameterizedTest
    @EnumSource(Normaliser.class)
    void normalisersStartWhereTheySay(Normaliser normaliser) {
        Tensor raw = Tensor.zeros(normaliser.parameters()).add(normaliser.start());
        Tensor[] both = normaliser.weights(raw);
        double expected = normaliser.startsPlain() ? 1 : 0.5;
        assertThat(both[0].item()).isEqualTo(expected);
        assertThat(both[1].item()).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "laurel-rw",
                "laurel-rw+lr+pa:rank=32,lags=4,normaliser=sigmoid,weights=channel,init=orthogonal,pairs=shared,"
                        + "gamma=0.5,per=sublayer,at=identity",
                "laurel-lr:init=xavier",
                "gemma3n:rank=8",
                "rezero",
                "skipinit:start=0.25",
                "layerscale:start=0.1",
                "highway:bias=-3.0",
                "denseformer",
                "hyper-static",
                "hyper:lanes=2",
                "mhc",
                "value:mix=trained"
            })
    void specificationsAreReadAndWritten(String text) {
        ResidualSpec spec = ResidualSpec.parse(text);
        assertThat(spec).hasToString(text);
        assertThat(ResidualSpec.parse(spec.toString())).isEqualTo(spec);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "laural | residual 'laural': expects plain, laurel-PARTS",
                "laurel- | expects parts rw, lr and pa joined by +, got ''",
                "laurel-rw+xx | expects parts rw, lr and pa joined by +, got 'xx'",
                "laurel-rw+rw | expects each part once, got 'rw' twice",
                "laurel-rw:rank=4 | laurel-rw does not have the option rank",
                "laurel-lr:rank=0 | rank expects a positive integer, got '0'",
                "laurel-lr:rank | expects options KEY=VALUE, each once, after the colon, got 'rank'",
                "laurel-lr:rank=1,rank=2 | each once",
                "laurel-rw:normaliser=tanh | normaliser expects one of softmax2, softmax, sigmoid",
                "laurel-lr+pa:gamma=0 | gives a branch that no gradient reaches",
                "hyper:lanes=1 | expects at least 2 lanes, got 1",
                "plain: | expects options KEY=VALUE",
                "rezero:start=1,x=2 | rezero does not have the options start, x"
            })
    void wrongSpecificationsSayWhatIsExpected(String text, String message) {
        assertThatThrownBy(() -> ResidualSpec.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void ranksAboveTheWidthAreRefused() {
        assertThatThrownBy(() -> net("laurel-lr:rank=9", Layout.CHANNELS_LAST))
                .isInstanceOf(OpException.class)
                .hasMessage("laurel: expects rank 1 to 8 on a stream of 8 channels, got 9");
    }

    @Test
    void wholeBlocksNeedBranchesThatOnlyAdd() {
        ResidualStack stack =
                new ResidualStack(new ResidualSpec.OfLaurel(LaurelConfig.of(Part.RW)), Layout.CHANNELS_LAST, 1, 2, rng);
        SubLayers block = stack.block(4);
        ResidualStream stream = stack.open(Tensor.zeros(1, 4));
        Branch branch = Branch.of(x -> x);
        assertThatThrownBy(() -> block.connect(stream, branch, branch.withAfter(Tensor::relu)))
                .hasMessageContaining("per=block expects pre-norm branches");
        assertThatThrownBy(() -> block.connect(stream, branch)).hasMessageContaining("expects 2 branches, got 1");
    }

    @Test
    void theOtherWeightsDoNotDependOnTheConnection() {
        Rng one = new Rng(5);
        Rng two = new Rng(5);
        new Net(ResidualSpec.parse("plain"), Layout.CHANNELS_LAST, 2, 8, one);
        new Net(ResidualSpec.parse("highway"), Layout.CHANNELS_LAST, 2, 8, two);
        assertThat(one.position()).isEqualTo(two.position());
    }
}
