package dev.retort.opencl;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/// The OpenCL devices of this machine, platform by platform.
final class OpenClDevices {
    private OpenClDevices() {}

    /// One device as its driver describes it.
    ///
    /// @param platform     the driver's name
    /// @param name         the device's name
    /// @param version      the OpenCL version it speaks
    /// @param computeUnits number of cores or multiprocessors
    /// @param memoryBytes  global memory
    record Description(String platform, String name, String version, int computeUnits, long memoryBytes) {
        @Override
        public String toString() {
            return name + " (" + platform + ", " + version + ", " + computeUnits + " compute units, "
                    + memoryBytes / (1 << 20) + " MiB)";
        }
    }

    /// All devices, in the order of the platforms.
    ///
    /// @throws CLException          if the runtime answers with an error
    /// @throws UnsatisfiedLinkError if there is no OpenCL library
    static List<Description> find() {
        CL.setExceptionsEnabled(true);
        int[] count = new int[1];
        CL.clGetPlatformIDs(0, null, count);
        cl_platform_id[] platforms = new cl_platform_id[count[0]];
        CL.clGetPlatformIDs(platforms.length, platforms, null);
        List<Description> found = new ArrayList<>();
        for (cl_platform_id platform : platforms) {
            for (cl_device_id device : devicesOf(platform)) {
                found.add(describe(platform, device));
            }
        }
        return found;
    }

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

    private static Description describe(cl_platform_id platform, cl_device_id device) {
        long[] platformSize = new long[1];
        CL.clGetPlatformInfo(platform, CL.CL_PLATFORM_NAME, 0, null, platformSize);
        byte[] platformName = new byte[Math.toIntExact(platformSize[0])];
        CL.clGetPlatformInfo(platform, CL.CL_PLATFORM_NAME, platformName.length, Pointer.to(platformName), null);
        int[] units = new int[1];
        CL.clGetDeviceInfo(device, CL.CL_DEVICE_MAX_COMPUTE_UNITS, Sizeof.cl_uint, Pointer.to(units), null);
        long[] memory = new long[1];
        CL.clGetDeviceInfo(device, CL.CL_DEVICE_GLOBAL_MEM_SIZE, Sizeof.cl_ulong, Pointer.to(memory), null);
        return new Description(
                text(platformName),
                deviceText(device, CL.CL_DEVICE_NAME),
                deviceText(device, CL.CL_DEVICE_VERSION),
                units[0],
                memory[0]);
    }

    private static String deviceText(cl_device_id device, int what) {
        long[] size = new long[1];
        CL.clGetDeviceInfo(device, what, 0, null, size);
        byte[] bytes = new byte[Math.toIntExact(size[0])];
        CL.clGetDeviceInfo(device, what, bytes.length, Pointer.to(bytes), null);
        return text(bytes);
    }

    /// The characters before the closing zero.
    private static String text(byte[] bytes) {
        int length = bytes.length > 0 && bytes[bytes.length - 1] == 0 ? bytes.length - 1 : bytes.length;
        return new String(bytes, 0, length, StandardCharsets.UTF_8).strip();
    }
}
