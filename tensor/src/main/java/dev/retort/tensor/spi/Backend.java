package dev.retort.tensor.spi;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.Op;
import java.util.Optional;

/// Executes ops on one device.
///
/// Arguments are valid when they arrive here: [Op#infer] has checked them, all inputs are on [#device()],
/// and view ops never arrive (the tensor module makes views itself).
public interface Backend {
    /// The device that this backend computes on.
    Device device();

    /// One line for people: name, version, compute units.
    String description();

    /// Computes `op`. The results have the dtypes and shapes `outputs`, are contiguous and share no
    /// storage with the inputs; an [dev.retort.tensor.op.UpdateOp] writes into its first input(s) instead
    /// and returns no result.
    Tensor[] execute(Op op, Tensor[] inputs, TensorType[] outputs);

    /// How ops of one record run here; for people (`retort info --ops`).
    default OpRoute route(Class<? extends Op> op) {
        return OpRoute.kernel();
    }

    /// Times of kernels; empty if this backend does not measure them.
    default Optional<KernelClock> clock() {
        return Optional.empty();
    }

    /// What tunes the kernels; empty if there is nothing to tune.
    default Optional<KernelTuner> tuner() {
        return Optional.empty();
    }

    /// A zeroed buffer on the device.
    Storage allocate(DType dtype, int size);

    /// A copy of a host buffer on the device.
    Storage upload(HostStorage host);

    /// A copy of a device buffer on the host.
    HostStorage download(Storage storage);
}
