package dev.retort.opencl;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.ClDevices;
import dev.retort.opencl.runtime.Small;
import dev.retort.tensor.Device;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;

/// The first device of the machine once more, as a graphics card with work-groups of 32 work-items and 16 KiB of
/// local memory: kernels take the shapes that cards get, and the smallest ones.
public final class SmallProvider implements BackendProvider {
    static final Device DEVICE = new Device("small", 0);

    /// For [java.util.ServiceLoader].
    public SmallProvider() {}

    private static final class Opened {
        static final List<Backend> BACKENDS = List.of(
                new OpenClBackend(ClDevice.open(Small.of(ClDevices.find().getFirst(), 32, 16 << 10), DEVICE)));
    }

    @Override
    public String type() {
        return "small";
    }

    @Override
    public List<Backend> backends() {
        return Opened.BACKENDS;
    }

    @Override
    public String status() {
        return "a device with small limits, for tests";
    }
}
