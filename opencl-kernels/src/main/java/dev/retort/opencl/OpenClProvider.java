package dev.retort.opencl;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.ClDevices;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CLException;

/// Finds OpenCL devices through JOCL and opens them once a process.
///
/// A missing runtime, or a device that does not open, is a line in the status and never an exception.
public final class OpenClProvider implements BackendProvider {
    private static final String NO_RUNTIME =
            "no OpenCL runtime found (on Debian: apt-get install pocl-opencl-icd, or the GPU vendor's driver)";

    /// The provider; made by [java.util.ServiceLoader].
    public OpenClProvider() {}

    /// What was found, once.
    private static final class Opened {
        static final List<Backend> BACKENDS = new ArrayList<>();
        static final String STATUS = open();

        private static String open() {
            List<String> lines = new ArrayList<>();
            try {
                for (ClDevices.Found found : ClDevices.find()) {
                    lines.add(open(found));
                }
            } catch (CLException e) {
                return "the runtime answers " + e.getMessage();
            } catch (UnsatisfiedLinkError | ExceptionInInitializerError | NoClassDefFoundError e) {
                return NO_RUNTIME;
            }
            return lines.isEmpty() ? "runtime present, no device" : String.join("; ", lines);
        }

        private static String open(ClDevices.Found found) {
            try {
                ClDevice device = ClDevice.open(found, BACKENDS.size());
                BACKENDS.add(new OpenClBackend(device));
                return device.limits().toString();
            } catch (CLException e) {
                return found.limits() + " does not open: " + e.getMessage();
            }
        }
    }

    @Override
    public String type() {
        return "opencl";
    }

    @Override
    public List<Backend> backends() {
        String _ = Opened.STATUS; // opens the devices
        return List.copyOf(Opened.BACKENDS);
    }

    @Override
    public String status() {
        return Opened.STATUS;
    }
}
