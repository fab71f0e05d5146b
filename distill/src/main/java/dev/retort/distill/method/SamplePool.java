package dev.retort.distill.method;

import dev.retort.distill.SampleSource;
import dev.retort.distill.StepBatch;
import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.nn.Stateful;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Samples that are kept: all are made before the first epoch, the oldest are replaced before later ones.
abstract class SamplePool implements SampleSource {
    private final int renewed;
    private final int batch;
    private final Rng rng;
    private final Pool pool;

    /// The kept samples [N, …], as a buffer.
    private static final class Pool extends Module {
        private final Buffer inputs;

        Pool(Tensor initial) {
            inputs = buffer("inputs", initial);
        }
    }

    /// @param initial what is there before the first epoch [N, …]; only its shape matters
    /// @param renewed how many are replaced before each later epoch
    /// @param batch   how many are made together at most
    /// @param rng     for what is made
    SamplePool(Tensor initial, int renewed, int batch, Rng rng) {
        this.renewed = renewed;
        this.batch = batch;
        this.rng = rng;
        pool = new Pool(initial);
    }

    /// New samples.
    ///
    /// @param at      row that the first of them gets
    /// @param count   how many, at least 1
    /// @param epoch   before which one, from 1
    /// @param student as trained so far
    /// @param own     for these samples alone
    /// @return [count, …] without history
    abstract Tensor make(int at, int count, int epoch, Layer student, Rng own);

    /// What is in checkpoints beside the samples.
    Map<String, Stateful> parts() {
        return Map.of();
    }

    private int size() {
        return pool.inputs.tensor().size(0);
    }

    @Override
    public final Dataset data() {
        return new Dataset() {
            @Override
            public int size() {
                return SamplePool.this.size();
            }

            @Override
            public Sample get(int index) {
                Tensor label = Tensor.of(new long[] {StepBatch.UNLABELLED}).reshape(Shape.SCALAR);
                return new Sample(pool.inputs.tensor().select(0, index), label);
            }
        };
    }

    @Override
    public final Stateful state() {
        Map<String, Stateful> others = parts();
        if (others.isEmpty()) {
            return pool;
        }
        Map<String, Stateful> all = new LinkedHashMap<>();
        all.put("pool", pool);
        all.putAll(others);
        return new StateParts(all);
    }

    @Override
    public final void refresh(int epoch, Layer student) {
        int size = size();
        int count = epoch == 1 ? size : renewed;
        int start = epoch == 1 ? 0 : (int) ((long) (epoch - 2) * count % size);
        Rng own = rng.fork(epoch);
        for (int done = 0; done < count; ) {
            int at = (start + done) % size;
            int part = Math.min(Math.min(batch, count - done), size - at);
            pool.inputs.tensor().narrow(0, at, part).copyFrom(make(at, part, epoch, student, own.fork(done)));
            done += part;
        }
    }
}
