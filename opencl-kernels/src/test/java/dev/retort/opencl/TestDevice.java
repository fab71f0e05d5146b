package dev.retort.opencl;

import static org.assertj.core.api.Assertions.fail;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.ClDevices;
import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;
import org.jocl.CLException;
import org.junit.jupiter.api.Assumptions;

/// The device of the tests: the first one that is found. Without one the tests fail where `CI` is set, and
/// are skipped loudly elsewhere.
///
/// PoCL compiles for it without optimisation, in two thirds of the time: these tests launch hundreds of kernels a few
/// times each. RuntimeTest and the tests of the commands take PoCL's default.
final class TestDevice {
    private static final String OPTIONS = "dev.retort.opencl.options";

    static {
        if (System.getProperty(OPTIONS) == null && firstIsPocl()) {
            System.setProperty(OPTIONS, "-cl-opt-disable");
            // All are opened here: else what a device is compiled with would depend on the order of the test classes.
            for (BackendProvider provider : Backends.providers()) {
                provider.backends();
            }
            System.clearProperty(OPTIONS);
        }
    }

    private TestDevice() {}

    private static boolean firstIsPocl() {
        try {
            List<ClDevices.Found> found = ClDevices.find();
            return !found.isEmpty() && found.getFirst().limits().platform().contains("Portable Computing Language");
        } catch (CLException | LinkageError e) {
            return false; // no driver: `required` says so
        }
    }

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
