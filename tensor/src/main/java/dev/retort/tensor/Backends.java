package dev.retort.tensor;

import dev.retort.tensor.cpu.CpuBackend;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/// The backends of this process: the CPU, and what [BackendProvider] services offer.
public final class Backends {
    private static final Backend CPU = new CpuBackend();
    private static final Map<Device, Backend> FOUND = new ConcurrentHashMap<>(Map.of(Device.CPU, CPU));

    private Backends() {}

    /// The backend of `device`.
    ///
    /// @throws OpException if there is none, with what was looked for and the providers' status
    public static Backend of(Device device) {
        if (device.isCpu()) {
            return CPU;
        }
        return FOUND.computeIfAbsent(device, Backends::find);
    }

    private static Backend find(Device device) {
        List<String> status = new ArrayList<>();
        for (BackendProvider provider : providers()) {
            status.add(provider.type() + ": " + provider.status());
            if (provider.type().equals(device.type())) {
                List<Backend> backends = provider.backends();
                if (device.index() < backends.size()) {
                    return backends.get(device.index());
                }
            }
        }
        throw new OpException("device " + device + ": not available; found cpu"
                + (status.isEmpty()
                        ? " only (for GPUs add dev.retort:retort-opencl)"
                        : " and " + String.join("; ", status)));
    }

    /// All providers, whether or not they have a usable device.
    public static List<BackendProvider> providers() {
        List<BackendProvider> providers = new ArrayList<>();
        ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader())
                .forEach(providers::add);
        return providers;
    }
}
