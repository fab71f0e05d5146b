package dev.retort.opencl;

import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;
import org.jocl.CLException;

/// Finds OpenCL devices through JOCL and reports them.
///
/// This version lists devices only: it has no kernels yet, so [#backends()] is empty and a request for
/// `opencl:0` is
/// answered with an error that says so. A missing runtime is a line in the status, never an exception.
public final class OpenClProvider implements BackendProvider {
    /// The provider; made by [java.util.ServiceLoader].
    public OpenClProvider() {}

    @Override
    public String type() {
        return "opencl";
    }

    @Override
    public List<Backend> backends() {
        return List.of();
    }

    @Override
    public String status() {
        try {
            List<OpenClDevices.Description> devices = OpenClDevices.find();
            return devices.isEmpty()
                    ? "runtime present, no device"
                    : "listed only, kernels are not part of this version: "
                            + String.join(
                                    "; ", devices.stream().map(Object::toString).toList());
        } catch (CLException e) {
            return "the runtime answers " + e.getMessage();
        } catch (UnsatisfiedLinkError | ExceptionInInitializerError | NoClassDefFoundError e) {
            return "no OpenCL runtime found (on Debian: apt-get install pocl-opencl-icd, or the GPU vendor's driver)";
        }
    }
}
