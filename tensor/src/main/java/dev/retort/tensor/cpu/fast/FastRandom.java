package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Philox;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.op.RandomOp;
import org.jspecify.annotations.Nullable;

/// Float32 dropout; the draws are those of [Philox], so ranges of elements are independent of each
/// other.
final class FastRandom {
    /// Elements of one parallel task; a multiple of the four words of a Philox block.
    private static final int TASK = 1 << 13;

    private FastRandom() {}

    static Tensor @Nullable [] run(RandomOp op, Tensor[] in) {
        if (!(op instanceof RandomOp.Dropout o) || o.p() == 1) {
            return null;
        }
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
