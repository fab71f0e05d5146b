package dev.retort.opencl;

import static org.assertj.core.api.Assertions.fail;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/// The device of the tests: the first one that is found. Without one the tests fail where `CI` is set, and
/// are skipped loudly elsewhere.
final class TestDevice {
    private TestDevice() {}

    static Device required() {
        List<BackendProvider> providers = Backends.providers().stream()
                .filter(provider -> provider.type().equals("opencl"))
                .toList();
        String status =
                providers.isEmpty() ? "no provider" : providers.getFirst().status();
        if (providers.isEmpty() || providers.getFirst().backends().isEmpty()) {
            String message = "no OpenCL device (apt-get install pocl-opencl-icd): " + status;
            if (System.getenv("CI") != null) {
                fail(message);
            }
            System.err.println("SKIPPED, the OpenCL backend is not tested: " + message);
            Assumptions.abort(message);
        }
        return new Device("opencl", 0);
    }

    static ClDevice opened() {
        return ((OpenClBackend) Backends.of(required())).opened();
    }

    /// Live bytes after a garbage collection.
    static long settled(ClDevice device) {
        long live = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            System.gc();
            try {
                Thread.sleep(20);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            live = Math.min(live, device.memory().usage().live());
        }
        return live;
    }
}
