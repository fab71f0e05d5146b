package dev.retort.opencl;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.ClDevices;
import dev.retort.opencl.runtime.Small;
import dev.retort.tensor.Device;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;

/// The first device of the machine once more, as a graphics card that copies `F32` tiles to local memory past the
/// registers.
public final class CopyProvider implements BackendProvider {
    static final Device DEVICE = new Device("copies", 0);

    /// For [java.util.ServiceLoader].
    public CopyProvider() {}

    private static final class Opened {
        static final OpenClBackend BACKEND = open();

        private static OpenClBackend open() {
            System.setProperty("dev.retort.opencl.tensorcores", "emulated");
            try {
                return new OpenClBackend(ClDevice.open(Small.of(ClDevices.find().getFirst(), 256, 48 << 10), DEVICE));
            } finally {
                System.clearProperty("dev.retort.opencl.tensorcores");
            }
        }
    }

    static ClDevice opened() {
        return Opened.BACKEND.opened();
    }

    @Override
    public String type() {
        return "copies";
    }

    @Override
    public List<Backend> backends() {
        return List.of(Opened.BACKEND);
    }

    @Override
    public String status() {
        return "a device with copies past the registers, for tests";
    }
}
