package dev.retort.nn.data;

import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// λ·x + (1 − λ)·x' of inputs and of targets, with the samples of the batch in random pairs and one
/// λ ~ Beta(alpha, alpha) a batch (Zhang, Cisse, Dauphin and Lopez-Paz, 2017, arXiv 1710.09412).
///
/// Targets become class probabilities `[N, classes]`.
public final class Mixup implements BatchTransform {
    private final double alpha;
    private final int classes;

    /// A mixture with the given alpha.
    public Mixup(double alpha, int classes) {
        Mixture.check("mixup", alpha, classes);
        this.alpha = alpha;
        this.classes = classes;
    }

    @Override
    public Batch apply(Batch batch, Rng rng) {
        double share = Mixture.beta(alpha, rng);
        int[] partner = rng.permutation(batch.size());
        float[] own = batch.inputs().toHost().floats();
        float[] mixed = new float[own.length];
        int size = batch.size() == 0 ? 0 : own.length / batch.size();
        for (int i = 0; i < batch.size(); i++) {
            for (int j = 0; j < size; j++) {
                mixed[i * size + j] = (float) (share * own[i * size + j] + (1 - share) * own[partner[i] * size + j]);
            }
        }
        Tensor inputs = Tensor.wrap(DType.F32, mixed, batch.inputs().shape().dims());
        return batch.with(inputs, Mixture.targets("mixup", batch, partner, share, classes));
    }
}
