package dev.retort.tensor.cpu.fast;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.op.AttentionOp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Heads that were split from the features of a position are copied two at a time: same bits as heads that lie apart.
class SplitHeadsTest {
    private static final int BATCH = 2;

    private final int before = Parallel.threads();

    @BeforeEach
    void oneThread() {
        Parallel.setThreads(1);
    }

    @AfterEach
    void restore() {
        Parallel.setThreads(before);
    }

    private static Tensor split(long seed, int positions, int heads, int width) {
        return Random.normal(new Rng(seed), BATCH, positions, 3 * heads * width)
                .narrow(2, heads * width, heads * width)
                .reshape(BATCH, positions, heads, width)
                .permute(0, 2, 1, 3);
    }

    private static Tensor[] both(AttentionOp.Attention op, Tensor g, Tensor q, Tensor k, Tensor v) {
        Tensor[] y = Engine.run(op, q, k, v);
        AttentionOp backward =
                new AttentionOp.AttentionBackward(op.scale(), op.causal(), op.dropout(), op.seed(), op.stream());
        Tensor[] d = Engine.run(backward, g, q, k, v, y[0], y[1]);
        return new Tensor[] {y[0], y[1], d[0], d[1], d[2]};
    }

    @ParameterizedTest
    @CsvSource({
        "70, 70, 4, 64, true, 0",
        "33, 200, 2, 16, false, 0.3",
        "150, 130, 6, 40, true, 0",
        "64, 64, 3, 8, true, 0"
    })
    void haveTheBitsOfHeadsApart(int queries, int keys, int heads, int width, boolean causal, double dropout) {
        AttentionOp.Attention op = new AttentionOp.Attention(0.2, causal, dropout, 5, 6);
        Tensor g = split(1, queries, heads, width);
        Tensor q = split(2, queries, heads, width);
        Tensor k = split(3, keys, heads, width);
        Tensor v = split(4, keys, heads, width);
        Tensor[] together = both(op, g, q, k, v);
        Tensor[] apart = both(op, g.contiguous(), q.contiguous(), k.contiguous(), v.contiguous());
        for (int i = 0; i < apart.length; i++) {
            assertThat(together[i].toFloats()).as("result " + i).containsExactly(apart[i].toFloats());
        }
    }
}
