package dev.retort.distill.method;

import dev.retort.nn.Buffer;
import dev.retort.nn.Module;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;

/// One weight a sample of the transfer set `[N]`, in a buffer, so that it is in checkpoints.
final class SampleWeights extends Module {
    private final Buffer weights;

    /// All 1.
    SampleWeights(int samples) {
        weights = buffer("weights", Tensor.ones(DType.F64, samples));
    }

    void set(double[] values) {
        weights.set(Tensor.of(values));
    }

    /// The weights `[B]` of some samples.
    Tensor of(Tensor indices, DType dtype) {
        return weights.tensor().indexSelect(0, indices).to(dtype);
    }
}
