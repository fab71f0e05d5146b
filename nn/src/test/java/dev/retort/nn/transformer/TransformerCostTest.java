package dev.retort.nn.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.inspect.Summary;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.function.IntFunction;
import java.util.function.ToLongFunction;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/// Costs of transformers against formulas written out by hand, op by op, and against published counts.
/// Networks of one and two layers at the full width tell what a layer adds (see [ParameterCountTest]).
class TransformerCostTest {
    private static final Rng RNG = new Rng(1);
    private static final int TOKENS = 8;

    /// Of `layers` layers, from one and two.
    private static long of(
            int layers, IntFunction<? extends Layer> make, Tensor input, ToLongFunction<Summary> measure) {
        long one = measure.applyAsLong(Summary.of(make.apply(1), input));
        long two = measure.applyAsLong(Summary.of(make.apply(2), input));
        return one + (layers - 1) * (two - one);
    }

    private static long product(long rows, long in, long out) {
        return 2 * rows * in * out;
    }

    /// The products of a layer on `t` positions of width `e`: query, key, value, output and feed-forward
    /// (4e), and scores and their use, t·t each, masked or not.
    private static long products(long t, long e) {
        return 4 * product(t, e, e) + 2 * product(t, e, 4 * e) + 2 * product(t, e, t);
    }

    /// What a layer computes beside its products: biases, two norms of 7 and two sums on the stream, one for
    /// GELU, and 4 for the softmax of a score.
    private static long rest(long t, long e, long heads) {
        long biases = 4 * t * e + t * 4 * e + t * e;
        return biases + 2 * 7 * t * e + 2 * t * e + t * 4 * e + 4 * heads * t * t;
    }

    @Test
    void gpt2Small() {
        long t = 1024;
        long e = 768;
        IntFunction<Gpt2> make = n -> new Gpt2(Gpt2.Config.of(TOKENS, 1024, 768, n, 12), RNG);
        long flops = of(12, make, Tensor.zeros(1, 1024).to(DType.I64), Summary::flops);
        // sum of the embeddings and last norm
        long ends = t * e + 7 * t * e;
        long head = product(t, e, TOKENS);
        assertThat(flops).isEqualTo(12 * (products(t, e) + rest(t, e, 12)) + ends + head);
        // nanoGPT's count of all products for 50,257 tokens, by the formulas of Hoffmann et al., 2022, appendix F
        assertThat(12 * products(t, e) + product(t, e, 50257)).isEqualTo(291_648_307_200L);
    }

    @Test
    void bertBase() {
        long t = 128;
        long e = 768;
        IntFunction<Bert> make = n -> new Bert(Bert.Config.of(TOKENS, 512, 768, n, 12, 3072), RNG);
        long flops = of(12, make, Tensor.ones(1, 128).to(DType.I64), Summary::flops);
        // sums of three embeddings and their norm, and the padding found and turned into a mask
        long ends = 2 * t * e + 7 * t * e + 2 * t;
        assertThat(flops).isEqualTo(12 * (products(t, e) + rest(t, e, 12)) + ends);
        // 22.5 billion in the tables of MobileBERT (Sun et al., 2020) and TinyBERT (Jiao et al., 2020), at 128 tokens
        assertThat(flops).isCloseTo(22_500_000_000L, Percentage.withPercentage(1));
    }

    @Test
    void visionTransformerBase16() {
        long t = 197;
        long e = 768;
        IntFunction<VisionTransformer> make =
                n -> new VisionTransformer(VisionTransformer.Config.of(224, 16, 768, n, 12, 1000), RNG);
        long flops = of(12, make, Tensor.zeros(1, 3, 224, 224), Summary::flops);
        long patches = product(196, 3 * 16 * 16, e) + 196 * e;
        long ends = t * e + 7 * t * e;
        long head = product(1, e, 1000) + 1000;
        assertThat(flops).isEqualTo(12 * (products(t, e) + rest(t, e, 12)) + patches + ends + head);
        // torchvision's table: 17.56 billion multiply-adds
        long macs = (12 * products(t, e) + product(196, 768, e) + product(1, e, 1000)) / 2;
        assertThat(macs).isBetween(17_555_000_000L, 17_565_000_000L);
    }

    /// Bytes that the ops of a layer make: features of the stream's width 18 times (two norms, query, key and
    /// value 3, attention with its heads side by side, two outputs, two sums, feed-forward 4 and 4), and per
    /// position a mean and a deviation of each norm and a logarithm of a sum for each head.
    @Test
    void activationsOfADecoder() {
        int t = 64;
        int e = 48;
        int heads = 3;
        IntFunction<Gpt2> make = n -> new Gpt2(Gpt2.Config.of(TOKENS, t, e, n, heads), RNG);
        long bytes = of(5, make, Tensor.ones(2, t).to(DType.I64), Summary::activationBytes);
        long layer = 2 * t * (18 * e + 4 + heads);
        // features of tokens, their sum with those of places, the last norm and the logits; and the places
        // themselves, the same for both texts: features, and an index of 8 bytes
        long ends = 2 * t * (e + e + e + 2 + TOKENS) + t * (e + 2);
        assertThat(bytes).isEqualTo(4 * (5 * layer + ends));
    }
}
