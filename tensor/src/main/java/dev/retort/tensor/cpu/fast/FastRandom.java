package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Philox;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.op.RandomOp;
import org.jspecify.annotations.Nullable;

/// Float32 dropout and normal draws; the draws are those of [Philox], so ranges of elements are independent
/// of each other. Normal draws are most of the time that it takes to make a large network.
final class FastRandom {
    /// Elements of one parallel task; a multiple of the four words of a Philox block.
    private static final int TASK = 1 << 13;

    private FastRandom() {}

    static Tensor @Nullable [] run(RandomOp op, Tensor[] in) {
        return switch (op) {
            case RandomOp.Normal o -> normal(o);
            case RandomOp.Dropout o when o.p() < 1 -> dropout(o, in);
            default -> null;
        };
    }

    /// mean + std·z, computed in double.
    private static Tensor[] normal(RandomOp.Normal o) {
        float[] y = Workspace.overwritten(o.shape().numel());
        Parallel.forRange(y.length, TASK, (from, to) -> {
            int[] words = new int[4];
            for (int i = from; i < to; i++) {
                Philox.block(o.seed(), o.stream(), i, words);
                y[i] = (float) (o.mean() + o.std() * Philox.gaussian(words));
            }
        });
        return Dense.one(y, o.shape());
    }

    private static Tensor[] dropout(RandomOp.Dropout o, Tensor[] in) {
        Dense x = Dense.of(in[0]);
        float[] y = Workspace.overwritten(in[0].numel());
        float keep = (float) (1 - o.p());
        Parallel.forRange(y.length, TASK, (from, to) -> {
            boolean[] kept = new boolean[to - from];
            Philox.keep(o.seed(), o.stream(), from, o.p(), kept);
            for (int i = from; i < to; i++) {
                y[i] = kept[i - from] ? x.data()[x.offset() + i] / keep : 0f;
            }
        });
        return Dense.one(y, in[0].shape());
    }
}
