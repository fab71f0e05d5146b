package dev.retort.nn.data;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Queue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Goes over a data set in batches, epoch after epoch.
///
/// ```java
/// while (loader.epoch() < epochs) {
///     for (Batch batch : loader) { … }   // the rest of the current epoch
/// }
/// ```
///
/// The order is a function of (seed, epoch), the augmentation of a sample one of (seed, epoch, view,
/// sample index), so [#position()] is the whole state. It counts batches handed out: saved after a
/// training step, it names the batch that comes next. Batches are prepared ahead by a daemon thread. One
/// iteration at a time; not thread-safe.
public final class DataLoader implements Iterable<Batch>, Stateful {
    private static final int ORDER = 0;
    private static final int AUGMENT = 1;
    private static final int MIX = 2;

    private final Dataset dataset;
    private final Config config;
    private final ThreadPoolExecutor background;
    private long epoch;
    private int nextBatch;

    /// How the data is gone over.
    ///
    /// @param batchSize      samples a batch, at least 1
    /// @param shuffle        a new random order each epoch, else the data set's order
    /// @param dropLast       leave out a last batch that is smaller than the others
    /// @param seed           key of order and augmentation
    /// @param prefetch       batches prepared ahead, 0 for none
    /// @param transform      applied to each sample's input
    /// @param batchTransform applied to each batch
    public record Config(
            int batchSize,
            boolean shuffle,
            boolean dropLast,
            long seed,
            int prefetch,
            Transform transform,
            BatchTransform batchTransform) {
        /// Checks the ranges.
        public Config {
            if (batchSize < 1 || prefetch < 0) {
                throw new OpException("data loader: expects batch size >= 1 and prefetch >= 0, got " + batchSize
                        + " and " + prefetch);
            }
        }

        /// In the data set's order, all batches, as they are: for evaluation.
        public static Config evaluation(int batchSize) {
            return new Config(batchSize, false, false, 0, 2, Transform.IDENTITY, BatchTransform.IDENTITY);
        }

        /// Shuffled by `seed`, all batches.
        public static Config training(int batchSize, long seed) {
            return new Config(batchSize, true, false, seed, 2, Transform.IDENTITY, BatchTransform.IDENTITY);
        }

        /// The same with a transform of each sample.
        public Config withTransform(Transform newTransform) {
            return new Config(batchSize, shuffle, dropLast, seed, prefetch, newTransform, batchTransform);
        }

        /// The same with a transform of each batch.
        public Config withBatchTransform(BatchTransform newTransform) {
            return new Config(batchSize, shuffle, dropLast, seed, prefetch, transform, newTransform);
        }

        /// The same with smaller last batches left out or not.
        public Config withDropLast(boolean on) {
            return new Config(batchSize, shuffle, on, seed, prefetch, transform, batchTransform);
        }

        /// The same with another number of batches prepared ahead.
        public Config withPrefetch(int batches) {
            return new Config(batchSize, shuffle, dropLast, seed, batches, transform, batchTransform);
        }
    }

    /// Where a loader stands.
    ///
    /// @param epoch pass over the data, from 0
    /// @param batch the batch of that pass that comes next
    public record Position(long epoch, int batch) {}

    /// A loader at the start of epoch 0.
    public DataLoader(Dataset dataset, Config config) {
        this.dataset = dataset;
        this.config = config;
        background = new ThreadPoolExecutor(1, 1, 2, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
            Thread thread = new Thread(task, "data-loader");
            thread.setDaemon(true);
            return thread;
        });
        background.allowCoreThreadTimeOut(true); // an idle or forgotten loader holds no thread
    }

    /// The data set.
    public Dataset dataset() {
        return dataset;
    }

    /// How the data is gone over.
    public Config config() {
        return config;
    }

    /// Batches in an epoch.
    public int batches() {
        int size = dataset.size();
        return config.dropLast() ? size / config.batchSize() : Math.ceilDiv(size, config.batchSize());
    }

    /// The current pass over the data, from 0; rises when an iteration has reached its end.
    public long epoch() {
        return epoch;
    }

    /// Where the loader stands; see [#seek].
    public Position position() {
        return new Position(epoch, nextBatch);
    }

    /// Goes to a saved position.
    ///
    /// @throws OpException if an epoch has no such batch
    public void seek(Position position) {
        if (position.epoch() < 0 || position.batch() < 0 || position.batch() > batches()) {
            throw new OpException(
                    "data loader: expects a position inside an epoch of " + batches() + " batches, got " + position);
        }
        epoch = position.epoch();
        nextBatch = position.batch();
    }

    @Override
    public Map<String, Tensor> stateDict() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("epoch", StateValues.of(epoch));
        state.put("batch", StateValues.of(nextBatch));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("data loader", state, stateDict().keySet());
        seek(new Position(StateValues.toLong(state, "epoch"), Math.toIntExact(StateValues.toLong(state, "batch"))));
    }

    /// The order of sample indices in an epoch.
    public int[] order(long ofEpoch) {
        int size = dataset.size();
        if (config.shuffle()) {
            return new Rng(config.seed()).fork(ORDER).fork(ofEpoch).permutation(size);
        }
        int[] order = new int[size];
        for (int i = 0; i < size; i++) {
            order[i] = i;
        }
        return order;
    }

    /// The samples of `batch` again under another augmentation: views 1, 2, … are independent of view 0,
    /// the batch's own. Batch transforms are not applied.
    public Batch view(Batch batch, int view) {
        return assemble(batch.indices(), batch.epoch(), batch.number(), view);
    }

    /// The batches from the current position to the end of the epoch.
    @Override
    public Iterator<Batch> iterator() {
        return new Epoch(order(epoch));
    }

    private Batch assemble(int[] indices, long ofEpoch, int number, int view) {
        Rng augmentation = new Rng(config.seed()).fork(AUGMENT).fork(ofEpoch).fork(view);
        Tensor[] inputs = new Tensor[indices.length];
        Tensor[] targets = new Tensor[indices.length];
        for (int i = 0; i < indices.length; i++) {
            Sample sample = dataset.get(indices[i]);
            inputs[i] = config.transform().apply(sample.input(), augmentation.fork(indices[i]));
            targets[i] = sample.target();
        }
        return new Batch(
                Collate.stack("input", inputs, indices),
                Collate.stack("target", targets, indices),
                indices,
                ofEpoch,
                number);
    }

    private Batch prepare(int[] order, long ofEpoch, int number) {
        int from = number * config.batchSize();
        int[] indices = java.util.Arrays.copyOfRange(order, from, Math.min(order.length, from + config.batchSize()));
        Rng mix = new Rng(config.seed()).fork(MIX).fork(ofEpoch).fork(number);
        return config.batchTransform().apply(assemble(indices, ofEpoch, number, 0), mix);
    }

    /// The rest of one epoch; tasks run at most `prefetch` batches ahead, so an abandoned iteration
    /// blocks nothing.
    private final class Epoch implements Iterator<Batch> {
        private final int[] order;
        private final long own = epoch;
        private final int count = batches();
        private final Queue<Future<Batch>> ahead = new ArrayDeque<>();
        private int submitted = nextBatch;
        private int next = nextBatch;

        Epoch(int[] order) {
            this.order = order;
        }

        @Override
        public boolean hasNext() {
            if (next < count) {
                return true;
            }
            if (epoch == own) {
                epoch = own + 1;
                nextBatch = 0;
            }
            return false;
        }

        @Override
        public Batch next() {
            if (next >= count) {
                throw new NoSuchElementException("the epoch has " + count + " batches");
            }
            Batch batch = config.prefetch() == 0 ? prepare(order, own, next) : take();
            next++;
            nextBatch = next;
            return batch;
        }

        private Batch take() {
            while (submitted < count && submitted < next + config.prefetch()) {
                int number = submitted++;
                ahead.add(background.submit(() -> prepare(order, own, number)));
            }
            try {
                Batch batch = ahead.remove().get();
                if (submitted < count) {
                    int number = submitted++;
                    ahead.add(background.submit(() -> prepare(order, own, number)));
                }
                return batch;
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("data loader: interrupted while waiting for a batch", e);
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw new IllegalStateException("data loader: " + e.getCause(), e.getCause());
            }
        }
    }
}
