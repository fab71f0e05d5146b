package dev.retort.tensor.cpu;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.fast.FastKernels;
import dev.retort.tensor.cpu.reference.ReferenceKernels;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.spi.Backend;

/// The host: tries the float32 fast path first, then the reference kernels, which know every op and
/// dtype.
public final class CpuBackend implements Backend {
    /// The backend; [dev.retort.tensor.Backends] holds the one instance that is used.
    public CpuBackend() {}

    @Override
    public Device device() {
        return Device.CPU;
    }

    @Override
    public String description() {
        return "CPU, " + Runtime.getRuntime().availableProcessors() + " processors, " + FastKernels.description();
    }

    @Override
    public Tensor[] execute(Op op, Tensor[] inputs, TensorType[] outputs) {
        Tensor[] fast = FastKernels.execute(op, inputs, outputs);
        return fast != null ? fast : ReferenceKernels.execute(op, inputs, outputs);
    }

    @Override
    public Storage allocate(DType dtype, int size) {
        return HostStorage.allocate(dtype, size);
    }

    @Override
    public Storage upload(HostStorage host) {
        return host;
    }

    @Override
    public HostStorage download(Storage storage) {
        return (HostStorage) storage;
    }
}
