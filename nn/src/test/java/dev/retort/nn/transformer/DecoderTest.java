package dev.retort.nn.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradScope;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecoderTest {
    private static final long[] IDS = {3, 1, 4, 1, 5, 9, 2, 6};

    static Stream<CausalModel> models() {
        return Stream.of(
                new Gpt2(Gpt2.Config.of(11, 16, 12, 2, 3), new Rng(1)),
                new Llama(Llama.Config.of(11, 16, 16, 2, 4, 2, 20), new Rng(1)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void aCacheGivesTheLogitsOfTheWholeSequence(CausalModel model) {
        try (GradScope _ = Autograd.noGrad()) {
            float[] whole = model.call(Tensor.of(IDS, 1, 8)).toFloats();
            KeyValueCache cache = new KeyValueCache(model.layers(), 2); // so that it has to grow
            Tensor first = model.call(Tensor.of(IDS, 1, 8).narrow(1, 0, 3), DecoderContext.of(cache));
            assertClose(first.toFloats(), whole, 0);
            for (int t = 3; t < 8; t++) {
                Tensor one = model.call(Tensor.of(IDS, 1, 8).narrow(1, t, 1), DecoderContext.of(cache));
                assertClose(one.toFloats(), whole, t * 11);
            }
            assertThat(cache.length()).isEqualTo(8);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void paddingOnTheLeftDoesNotChangeTheLogits(CausalModel model) {
        try (GradScope _ = Autograd.noGrad()) {
            float[] alone =
                    model.next(Tensor.of(IDS, 1, 8), DecoderContext.NONE).toFloats();
            long[] padded = {7, 7, 3, 1, 4, 1, 5, 9, 2, 6, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
            boolean[] visible = new boolean[20];
            java.util.Arrays.fill(visible, true);
            visible[0] = false;
            visible[1] = false;
            long[] positions = {0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
            DecoderContext context = new DecoderContext(null, Tensor.of(visible, 2, 10), Tensor.of(positions, 2, 10));
            Tensor both = model.next(Tensor.of(padded, 2, 10), context);
            assertClose(both.select(0, 0).toFloats(), alone, 0);
        }
    }

    private static void assertClose(float[] actual, float[] expected, int from) {
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).as("logit " + i).isCloseTo(expected[from + i], Offset.offset(2e-6f));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void wrongInputsAreNamed(CausalModel model) {
        assertThatThrownBy(() -> model.call(Tensor.zeros(1, 3)))
                .hasMessageContaining("expects token indices [B, T] with T at least 1, got F32[1, 3]");
        assertThatThrownBy(() -> model.call(Tensor.of(new long[17], 1, 17)))
                .hasMessageContaining("expects at most 16 positions, got 17");
        DecoderContext context = new DecoderContext(null, Tensor.of(new boolean[4], 1, 4), null);
        assertThatThrownBy(() -> model.call(Tensor.of(new long[3], 1, 3), context))
                .hasMessageContaining("expects visible [1, 3], got BOOL[1, 4]");
        DecoderContext cached = DecoderContext.of(model.cache(4));
        assertThatThrownBy(() -> model.call(Tensor.of(new long[3], 1, 3), cached))
                .hasMessageContaining("without recording");
    }

    @Test
    void publicNamesAreUnderstoodAndTiedWeightsNeedBeGivenOnce() {
        Gpt2 model = new Gpt2(Gpt2.Config.of(11, 16, 12, 2, 3), new Rng(1));
        java.util.Map<String, Tensor> hub = new java.util.LinkedHashMap<>();
        model.stateDict().forEach((name, tensor) -> {
            if (!name.startsWith("lm_head")) {
                hub.put(name.replace("transformer.", ""), tensor.copy());
            }
        });
        hub.put("h.0.attn.bias", Tensor.ones(1, 1, 16, 16));
        Gpt2 other = new Gpt2(Gpt2.Config.of(11, 16, 12, 2, 3), new Rng(2));
        other.loadStateDict(Gpt2.PUBLIC_NAMES.apply(hub));
        assertThat(other.call(Tensor.of(IDS, 1, 8)).toFloats())
                .isEqualTo(model.call(Tensor.of(IDS, 1, 8)).toFloats());
        hub.remove("wte.weight");
        assertThatThrownBy(() -> other.loadStateDict(Gpt2.PUBLIC_NAMES.apply(hub)))
                .hasMessageContaining("missing: transformer.wte.weight, lm_head.weight");
        hub.put("transformer.h.0.ln_1.bias", Tensor.zeros(12));
        assertThatThrownBy(() -> Gpt2.PUBLIC_NAMES.apply(hub)).hasMessageContaining("each name once");
    }

    @Test
    void gpt2SmallHasThePublishedNumberOfParameters() {
        assertThat(new Gpt2(Gpt2.Config.small(), new Rng(1)).parameterCount()).isEqualTo(124_439_808);
    }
}
