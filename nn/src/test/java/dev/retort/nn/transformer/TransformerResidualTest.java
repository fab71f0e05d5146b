package dev.retort.nn.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.residual.ResidualFactory;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.tensor.DType;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every family takes any residual connection by its constructor argument.
class TransformerResidualTest {
    private static final List<String> SPECS = List.of(
            "laurel-rw+lr+pa:rank=2,per=sublayer",
            "rezero",
            "layerscale",
            "denseformer",
            "hyper:lanes=2",
            "mhc",
            "value");
    private static final Tensor IDS = Tensor.of(new long[] {3, 1, 4, 1, 5, 9}, 2, 3);
    private static final Tensor IMAGES = Random.normal(new Rng(3), 0, 1, DType.F32, 2, 3, 8, 8);

    /// A model and how it is called.
    private record Family(String name, Function<ResidualFactory, Called> make) {
        @Override
        public String toString() {
            return name;
        }
    }

    private record Called(Module model, java.util.function.Supplier<Tensor> output) {
        static Called of(Layer model, Tensor input) {
            return new Called(model, () -> model.call(input));
        }
    }

    static Stream<Family> families() {
        Bert.Config bert = Bert.Config.of(11, 8, 12, 2, 3, 20).withoutPooler();
        return Stream.of(
                new Family(
                        "gpt2",
                        r -> Called.of(new Gpt2(Gpt2.Config.of(11, 8, 12, 2, 3).withResidual(r), new Rng(1)), IDS)),
                new Family(
                        "llama",
                        r -> Called.of(
                                new Llama(
                                        Llama.Config.of(11, 8, 16, 2, 4, 2, 20).withResidual(r), new Rng(1)),
                                IDS)),
                new Family("bert", r -> Called.of(new Bert(bert.withResidual(r), new Rng(1)), IDS)),
                new Family(
                        "bert, pre",
                        r -> Called.of(new Bert(bert.withNorm(Bert.Norm.PRE).withResidual(r), new Rng(1)), IDS)),
                new Family("bart", r -> {
                    Bart model = new Bart(Bart.Config.of(11, 8, 12, 2, 3, 20).withResidual(r), new Rng(1));
                    return new Called(model, () -> model.call(IDS, null, IDS));
                }),
                new Family(
                        "deit",
                        r -> Called.of(
                                new Deit(Deit.Config.of(8, 4, 12, 2, 3, 5).withResidual(r), new Rng(1)), IMAGES)));
    }

    @ParameterizedTest
    @MethodSource("families")
    void everyConnectionRunsAndLearns(Family family) {
        boolean normsAfter = family.name.equals("bert") || family.name.equals("bart");
        for (String text : SPECS) {
            if (normsAfter && text.equals("denseformer")) {
                continue; // goes around whole blocks, which is for norms before
            }
            Called called = family.make.apply(ResidualSpec.parse(text));
            Tensor output = called.output.get();
            assertThat(output.isFinite().all().item()).as(text).isEqualTo(1);
            output.square().sum().backward();
            called.model
                    .namedParameters()
                    .forEach((path, parameter) -> assertThat(parameter.grad())
                            .as(text + ": gradient of " + path)
                            .isNotNull());
        }
    }

    @ParameterizedTest
    @MethodSource("families")
    void laurelStartsAsThePlainNetwork(Family family) {
        float[] plain = family.make.apply(ResidualFactory.PLAIN).output.get().toFloats();
        float[] laurel = family.make
                .apply(ResidualSpec.parse("laurel-rw+lr:rank=2,per=sublayer"))
                .output
                .get()
                .toFloats();
        assertThat(laurel).containsExactly(plain, Offset.offset(1e-5f));
    }

    @Test
    void aVisionTransformerTakesAllButValueResiduals() {
        VisionTransformer.Config config = VisionTransformer.Config.of(8, 4, 12, 2, 3, 5);
        Layer model = new VisionTransformer(config.withResidual(ResidualSpec.parse("mhc")), new Rng(1));
        assertThat(model.call(IMAGES).isFinite().all().item()).isEqualTo(1);
        ResidualFactory values = ResidualSpec.parse("value");
        assertThatThrownBy(() -> new VisionTransformer(config.withResidual(values), new Rng(1)))
                .hasMessageContaining("Deit can");
    }
}
