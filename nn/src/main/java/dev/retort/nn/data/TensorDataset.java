package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;

/// Samples that lie in two tensors already: row i of `inputs` with row i of `targets`.
public final class TensorDataset implements Dataset {
    private final Tensor inputs;
    private final Tensor targets;

    /// A data set over inputs `[N, …]` and targets `[N, …]`, which are not copied.
    ///
    /// @throws OpException if the numbers of rows differ
    public TensorDataset(Tensor inputs, Tensor targets) {
        if (inputs.rank() == 0 || targets.rank() == 0 || inputs.size(0) != targets.size(0)) {
            throw new OpException("tensor data set: expects inputs [N, ...] and targets [N, ...], got " + inputs.type()
                    + " and " + targets.type());
        }
        this.inputs = inputs.detach();
        this.targets = targets.detach();
    }

    @Override
    public int size() {
        return inputs.size(0);
    }

    @Override
    public Sample get(int index) {
        java.util.Objects.checkIndex(index, size());
        return new Sample(inputs.select(0, index), targets.select(0, index));
    }
}
