package dev.retort.distill;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.List;

/// The samples of one micro-batch.
///
/// @param views   inputs [B, …], the usual view first
/// @param labels  classes `[B]`, `I64`, −1 where the label is not known to the run
/// @param indices positions of the samples in the transfer set, the same in every epoch
public record StepBatch(List<Tensor> views, Tensor labels, int[] indices) {
    /// The label of a sample without one.
    public static final long UNLABELLED = -1;

    /// Number of samples B.
    public int size() {
        return indices.length;
    }

    /// The inputs, usual view.
    public Tensor inputs() {
        return views.getFirst();
    }

    /// The indices as `I64` `[B]`.
    public Tensor indexTensor() {
        long[] wide = new long[indices.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = indices[i];
        }
        return Tensor.wrap(DType.I64, wide);
    }

    /// Number of samples with a label.
    public int labelledCount() {
        int count = 0;
        for (long label : labels.toLongs()) {
            count += label >= 0 ? 1 : 0;
        }
        return count;
    }
}
