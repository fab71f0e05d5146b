package dev.retort.opencl;

import dev.retort.opencl.launch.OpLauncher;
import dev.retort.opencl.launch.OpRoutes;
import dev.retort.opencl.launch.TileTuner;
import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.KernelClock;
import dev.retort.tensor.spi.KernelTuner;
import dev.retort.tensor.spi.OpRoute;
import java.util.Optional;

/// One OpenCL device as a backend.
public final class OpenClBackend implements Backend {
    private final ClDevice device;

    OpenClBackend(ClDevice device) {
        this.device = device;
    }

    /// The device behind it: memory, launches, profile.
    public ClDevice opened() {
        return device;
    }

    @Override
    public Device device() {
        return device.name();
    }

    @Override
    public String description() {
        return device.limits().toString();
    }

    @Override
    public Tensor[] execute(Op op, Tensor[] inputs, TensorType[] outputs) {
        return OpLauncher.run(device, op, inputs, outputs);
    }

    @Override
    public OpRoute route(Class<? extends Op> op) {
        return OpRoutes.of(op, device.limits());
    }

    @Override
    public Optional<KernelClock> clock() {
        device.settle();
        return Optional.of(device.profile());
    }

    @Override
    public Optional<KernelTuner> tuner() {
        return Optional.of(new TileTuner(device));
    }

    @Override
    public Storage allocate(DType dtype, int size) {
        DeviceStorage storage = device.allocate(dtype, size);
        device.clear(storage);
        return storage;
    }

    @Override
    public Storage upload(HostStorage host) {
        return device.upload(host);
    }

    @Override
    public HostStorage download(Storage storage) {
        return device.download((DeviceStorage) storage);
    }
}
