package dev.retort.opencl.runtime;

import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/// The OpenCL devices of this machine, graphics cards first, then platform by platform.
public final class ClDevices {
    private ClDevices() {}

    /// One device that was found and not opened yet.
    ///
    /// @param platform its driver
    /// @param id       its handle
    /// @param limits   what it says of itself
    public record Found(cl_platform_id platform, cl_device_id id, DeviceLimits limits) {}

    /// All devices.
    ///
    /// @throws CLException          if the runtime answers with an error
    /// @throws UnsatisfiedLinkError if there is no OpenCL library
    public static List<Found> find() {
        CL.setExceptionsEnabled(true);
        int[] count = new int[1];
        try {
            CL.clGetPlatformIDs(0, null, count);
        } catch (CLException e) {
            if (e.getStatus() == NO_PLATFORM) {
                return List.of(); // a loader without a driver
            }
            throw e;
        }
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        CL.clGetPlatformIDs(platforms.length, platforms, null);
        List<Found> found = new ArrayList<>();
        for (cl_platform_id platform : platforms) {
            for (cl_device_id device : devicesOf(platform)) {
                found.add(new Found(platform, device, DeviceLimits.of(platform, device)));
            }
        }
        found.sort(java.util.Comparator.comparing((Found f) -> f.limits().cpu()));
        return found;
    }

    private static final int NO_PLATFORM = -1001; // CL_PLATFORM_NOT_FOUND_KHR

    private static cl_device_id[] devicesOf(cl_platform_id platform) {
        int[] count = new int[1];
        try {
            CL.clGetDeviceIDs(platform, CL.CL_DEVICE_TYPE_ALL, 0, null, count);
        } catch (CLException e) {
            if (e.getStatus() == CL.CL_DEVICE_NOT_FOUND) {
                return new cl_device_id[0]; // a driver without a device is normal on shared machines
            }
            throw e;
        }
        cl_device_id[] devices = new cl_device_id[count[0]];
        CL.clGetDeviceIDs(platform, CL.CL_DEVICE_TYPE_ALL, devices.length, devices, null);
        return devices;
    }
}
