package dev.retort.distill;

import dev.retort.distill.method.LabelsOnly;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Sample;
import dev.retort.nn.data.TensorDataset;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.optim.Adam;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// A small classification problem: classes of several Gaussian clusters each, in a labelled set, a pool,
/// a validation set and a test set.
final class Clusters {
    static final int SIZE = 16;
    static final int CLASSES = 10;
    private static final int COMPONENTS = 30;

    final Dataset labelled;
    final Dataset pool;
    final Dataset validation;
    final Dataset test;

    Clusters(long seed, int labelledSize, int poolSize, int validationSize, int testSize) {
        Rng rng = new Rng(seed);
        double[][] centres = new double[COMPONENTS][SIZE];
        for (double[] centre : centres) {
            for (int d = 0; d < SIZE; d++) {
                centre[d] = rng.nextGaussian();
            }
        }
        labelled = draw(centres, labelledSize, rng.fork(1));
        pool = draw(centres, poolSize, rng.fork(2));
        validation = draw(centres, validationSize, rng.fork(3));
        test = draw(centres, testSize, rng.fork(4));
    }

    private static Dataset draw(double[][] centres, int count, Rng rng) {
        float[] inputs = new float[count * SIZE];
        long[] labels = new long[count];
        for (int i = 0; i < count; i++) {
            int component = rng.nextInt(COMPONENTS);
            labels[i] = component % CLASSES;
            for (int d = 0; d < SIZE; d++) {
                inputs[i * SIZE + d] = (float) (centres[component][d] + .8 * rng.nextGaussian());
            }
        }
        return new TensorDataset(Tensor.wrap(DType.F32, inputs, count, SIZE), Tensor.wrap(DType.I64, labels));
    }

    /// A pool of inputs that claims wrong labels: whoever looks at them fails.
    static Dataset withWrongLabels(Dataset data) {
        return new Dataset() {
            @Override
            public int size() {
                return data.size();
            }

            @Override
            public Sample get(int index) {
                return new Sample(data.get(index).input(), Tensor.scalar(DType.I64, 999));
            }
        };
    }

    static NetworkFactory mlp(Integer... widths) {
        return rng -> new Mlp(Mlp.Config.of(SIZE, CLASSES, widths), rng);
    }

    static Training training(int epochs) {
        return Training.defaults()
                .withEpochs(epochs)
                .withOptimizer(new OptimizerChoice.OfAdam(Adam.Config.of(3e-3)), new ScheduleChoice.Cosine(0, 0));
    }

    /// A teacher trained on the labelled samples.
    Layer teacher(int epochs, long seed) throws IOException {
        return Distillation.withoutTeacher(mlp(128))
                .labelled(labelled)
                .method(new LabelsOnly())
                .training(training(epochs).withSeed(seed))
                .fit()
                .student();
    }

    static Map<String, float[]> snapshot(dev.retort.nn.Module network) {
        Map<String, float[]> out = new HashMap<>();
        network.stateDict().forEach((name, tensor) -> out.put(name, tensor.toFloats()));
        return out;
    }

    static float[] of(Map<String, float[]> snapshot, String name) {
        return Objects.requireNonNull(snapshot.get(name));
    }
}
