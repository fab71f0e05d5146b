package dev.retort.opencl.runtime;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/// What a device says of itself: its names, and the limits that kernels have to keep.
///
/// @param platform       the driver's name
/// @param name           the device's name
/// @param vendor         who made it
/// @param version        the OpenCL version it speaks
/// @param driver         the driver's version
/// @param computeUnits   number of cores or multiprocessors
/// @param memoryBytes    global memory
/// @param largestBuffer  the most bytes of one buffer
/// @param localBytes     memory that a work-group shares
/// @param groupSize      the most work-items of a work-group
/// @param cpu            whether kernels run on the processor's own cores
/// @param doubles        whether it computes in 64-bit floating point
/// @param exactDivision  whether `F32` divisions and roots can be correctly rounded
/// @param capability     NVIDIA's compute capability, 90 for 9.0; 0 of other devices
public record DeviceLimits(
        String platform,
        String name,
        String vendor,
        String version,
        String driver,
        int computeUnits,
        long memoryBytes,
        long largestBuffer,
        long localBytes,
        int groupSize,
        boolean cpu,
        boolean doubles,
        boolean exactDivision,
        int capability) {
    private static final int NVIDIA_MAJOR = 0x4000;
    private static final int NVIDIA_MINOR = 0x4001;

    /// Who made the device, as far as kernels are tuned for it.
    public enum Vendor {
        /// Groups of 32 lanes.
        NVIDIA,
        /// Groups of 32 or 64 lanes.
        AMD,
        /// Groups of 8 to 32 lanes.
        INTEL,
        /// The processor through PoCL or another CPU driver.
        CPU,
        /// Anything else.
        OTHER
    }

    static DeviceLimits of(cl_platform_id platform, cl_device_id device) {
        return new DeviceLimits(
                platformText(platform),
                text(device, CL.CL_DEVICE_NAME),
                text(device, CL.CL_DEVICE_VENDOR),
                text(device, CL.CL_DEVICE_VERSION),
                text(device, CL.CL_DRIVER_VERSION),
                integer(device, CL.CL_DEVICE_MAX_COMPUTE_UNITS),
                number(device, CL.CL_DEVICE_GLOBAL_MEM_SIZE),
                number(device, CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE),
                number(device, CL.CL_DEVICE_LOCAL_MEM_SIZE),
                (int) Math.min(Integer.MAX_VALUE, number(device, CL.CL_DEVICE_MAX_WORK_GROUP_SIZE)),
                (number(device, CL.CL_DEVICE_TYPE) & CL.CL_DEVICE_TYPE_CPU) != 0,
                text(device, CL.CL_DEVICE_EXTENSIONS).contains("cl_khr_fp64"),
                (number(device, CL.CL_DEVICE_SINGLE_FP_CONFIG) & CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0,
                text(device, CL.CL_DEVICE_EXTENSIONS).contains("cl_nv_device_attribute_query")
                        ? 10 * integer(device, NVIDIA_MAJOR) + integer(device, NVIDIA_MINOR)
                        : 0);
    }

    /// Whether kernels can copy to local memory past the registers, by `cp.async`.
    public boolean copiesPastRegisters() {
        return capability >= 80;
    }

    /// Whether it has the instructions of the target `sm_90a`.
    public boolean hopper() {
        return capability == 90;
    }

    /// Who made it.
    public Vendor tuning() {
        String text = (vendor + " " + name + " " + platform).toLowerCase(Locale.ROOT);
        if (cpu) {
            return Vendor.CPU;
        }
        if (text.contains("nvidia")) {
            return Vendor.NVIDIA;
        }
        if (text.contains("advanced micro") || text.contains("amd")) {
            return Vendor.AMD;
        }
        return text.contains("intel") ? Vendor.INTEL : Vendor.OTHER;
    }

    /// A name for files that belong to this device and driver.
    String fingerprint() {
        return platform + "|" + name + "|" + version + "|" + driver;
    }

    @Override
    public String toString() {
        return name + " (" + platform + ", " + version + ", " + computeUnits + " compute units, "
                + memoryBytes / (1 << 20) + " MiB" + (doubles ? "" : ", no F64") + ")";
    }

    private static String platformText(cl_platform_id platform) {
        long[] size = new long[1];
        CL.clGetPlatformInfo(platform, CL.CL_PLATFORM_NAME, 0, null, size);
        byte[] bytes = new byte[Math.toIntExact(size[0])];
        CL.clGetPlatformInfo(platform, CL.CL_PLATFORM_NAME, bytes.length, Pointer.to(bytes), null);
        return text(bytes);
    }

    private static String text(cl_device_id device, int what) {
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

    private static int integer(cl_device_id device, int what) {
        int[] value = new int[1];
        CL.clGetDeviceInfo(device, what, Sizeof.cl_uint, Pointer.to(value), null);
        return value[0];
    }

    private static long number(cl_device_id device, int what) {
        long[] value = new long[1];
        CL.clGetDeviceInfo(device, what, Sizeof.cl_ulong, Pointer.to(value), null);
        return value[0];
    }
}
