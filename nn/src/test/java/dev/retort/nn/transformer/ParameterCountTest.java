package dev.retort.nn.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Module;
import dev.retort.tensor.Rng;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/// Published numbers of parameters. Networks of one and two layers at the full width tell what a layer adds,
/// and a small table of tokens what the full one has: drawing 100 million weights would take seconds each.
class ParameterCountTest {
    private static final int TOKENS = 8;

    private static long count(int layers, int vocabulary, int width, IntFunction<Module> make) {
        long one = make.apply(1).parameterCount();
        long two = make.apply(2).parameterCount();
        return one + (layers - 1) * (two - one) + (long) (vocabulary - TOKENS) * width;
    }

    @Test
    void bertBase() {
        long count = count(12, 30522, 768, n -> new Bert(Bert.Config.of(TOKENS, 512, 768, n, 12, 3072), new Rng(1)));
        assertThat(count).isEqualTo(109_482_240);
    }

    @Test
    void bertBaseWithTheMaskedHead() {
        // One more number a token: the bias of its logit.
        long count =
                count(12, 30522, 769, n -> new BertMaskedLm(Bert.Config.of(TOKENS, 512, 768, n, 12, 3072), new Rng(1)));
        assertThat(count).isEqualTo(109_514_298);
    }

    @Test
    void bartBase() {
        long count = count(6, 50265, 768, n -> new Bart(Bart.Config.of(TOKENS, 1024, 768, n, 12, 3072), new Rng(1)));
        assertThat(count).isEqualTo(139_420_416);
    }

    @Test
    void visionTransformerBase16() {
        long count = count(
                12,
                TOKENS,
                768,
                n -> new VisionTransformer(VisionTransformer.Config.of(224, 16, 768, n, 12, 1000), new Rng(1)));
        assertThat(count).isEqualTo(86_567_656);
    }

    @Test
    void deit() {
        assertThat(new Deit(Deit.Config.tiny(1000), new Rng(1)).parameterCount())
                .isEqualTo(5_910_800);
    }
}
