package dev.retort.opencl;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.ClDevices;
import dev.retort.tensor.Device;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;

/// The first device of the machine once more, with the instruction of tensor cores spelled out in OpenCL C, TF32
/// included.
public final class WarpProvider implements BackendProvider {
    static final Device DEVICE = new Device("warps", 0);

    /// For [java.util.ServiceLoader].
    public WarpProvider() {}

    private static final class Opened {
        static final OpenClBackend BACKEND = open();

        private static OpenClBackend open() {
            System.setProperty("dev.retort.opencl.tensorcores", "emulated");
            String before = System.setProperty("dev.retort.opencl.tf32", "on");
            try {
                return new OpenClBackend(ClDevice.open(ClDevices.find().getFirst(), DEVICE));
            } finally {
                System.clearProperty("dev.retort.opencl.tensorcores");
                System.setProperty("dev.retort.opencl.tf32", before == null ? "off" : before);
            }
        }
    }

    static ClDevice opened() {
        return Opened.BACKEND.opened();
    }

    @Override
    public String type() {
        return "warps";
    }

    @Override
    public List<Backend> backends() {
        return List.of(Opened.BACKEND);
    }

    @Override
    public String status() {
        return "a device with emulated tensor cores, for tests";
    }
}
