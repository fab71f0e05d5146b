package dev.retort.opencl.runtime;

import dev.retort.tensor.OpException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_program;
import org.jspecify.annotations.Nullable;

/// The compiled programs of one device: a resource `kernels/NAME.cl` behind the definitions of a variant
/// (element types, tile sizes) and the shared prelude, built on first use and kept.
///
/// Binaries are kept on disk ([BinaryCache]) unless the driver does so itself, kernel by kernel, as PoCL
/// does. The property `dev.retort.opencl.binaries` = `on` or `off` overrides that, and
/// `dev.retort.opencl.options` is given to the compiler as well.
final class Programs {
    /// Compilations of one source.
    private static final int ATTEMPTS = 3;

    private final cl_context context;
    private final cl_device_id device;
    private final DeviceLimits limits;
    private final String options;
    private final @Nullable BinaryCache binaries;
    private final Map<String, cl_program> programs = new ConcurrentHashMap<>();
    private final Map<String, Kernel> kernels = new ConcurrentHashMap<>();
    private static final Map<String, String> SOURCES = new ConcurrentHashMap<>();

    Programs(cl_context context, cl_device_id device, DeviceLimits limits) {
        this.context = context;
        this.device = device;
        this.limits = limits;
        String exact = limits.exactDivision() ? " -cl-fp32-correctly-rounded-divide-sqrt" : "";
        this.options = ("-cl-std=CL1.2" + exact + " " + System.getProperty("dev.retort.opencl.options", "")).strip();
        String wanted = System.getProperty("dev.retort.opencl.binaries", "auto");
        boolean driverCaches = limits.platform().contains("Portable Computing Language");
        boolean on = wanted.equals("on") || (wanted.equals("auto") && !driverCaches);
        this.binaries = on ? new BinaryCache(BinaryCache.defaultFolder()) : null;
    }

    /// The kernel `name` of `kernels/FILE.cl` behind the definitions `variant`; of several files, joined by `+`, the
    /// text of one behind the other.
    Kernel kernel(String file, String variant, String name) {
        String key = file + "\0" + variant;
        return kernels.computeIfAbsent(key + "\0" + name, _ -> {
            cl_program program = programs.computeIfAbsent(key, _ -> build(file, source(file, variant)));
            try {
                cl_kernel kernel = CL.clCreateKernel(program, name, null);
                long most = PtxEdit.wants(limits, source(file, variant)) ? PtxEdit.LOCAL_BYTES : limits.localBytes();
                return checked(new Kernel(kernel, name, largestGroup(kernel)), most);
            } catch (CLException e) {
                throw new OpException("opencl: kernel " + name + " of " + file + ".cl: " + e.getMessage(), e);
            }
        });
    }

    /// The size that a kernel asks for, if it asks: NVIDIA's driver says 256 of kernels that run with more.
    private int largestGroup(cl_kernel kernel) {
        long[] asked = new long[3];
        CL.clGetKernelWorkGroupInfo(
                kernel, device, CL.CL_KERNEL_COMPILE_WORK_GROUP_SIZE, 3L * Sizeof.size_t, Pointer.to(asked), null);
        long most = Math.max(groupInfo(kernel, CL.CL_KERNEL_WORK_GROUP_SIZE), asked[0] * asked[1] * asked[2]);
        return (int) Math.min(limits.groupSize(), most);
    }

    private long groupInfo(cl_kernel kernel, int what) {
        long[] value = new long[1]; // size_t and ulong
        CL.clGetKernelWorkGroupInfo(kernel, device, what, Sizeof.cl_ulong, Pointer.to(value), null);
        return value[0];
    }

    /// Some drivers would answer the launch with the error for a lack of memory.
    private Kernel checked(Kernel kernel, long most) {
        long local = groupInfo(kernel.handle, CL.CL_KERNEL_LOCAL_MEM_SIZE);
        if (local > most) {
            throw new OpException("opencl: kernel " + kernel.name + " needs " + local + " bytes of local memory, "
                    + limits.name() + " has " + most);
        }
        return kernel;
    }

    private String source(String file, String variant) {
        return (limits.doubles() ? "#define HAS_DOUBLE 1\n" : "")
                + variant
                + "\n"
                + resource("prelude")
                + Arrays.stream(file.split("\\+")).map(Programs::resource).collect(Collectors.joining());
    }

    static String resource(String file) {
        return SOURCES.computeIfAbsent(file, _ -> {
            try (InputStream in = Programs.class.getResourceAsStream("/dev/retort/opencl/kernels/" + file + ".cl")) {
                if (in == null) {
                    throw new IllegalStateException("the jar lacks kernels/" + file + ".cl");
                }
                return new String(in.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                throw new IllegalStateException("kernels/" + file + ".cl cannot be read", e);
            }
        });
    }

    /// Compiles one source text.
    ///
    /// @throws OpException with the compiler's log
    cl_program build(String what, String source) {
        BinaryCache cache = binaries;
        if (cache == null) {
            cl_program program = compile(what, source);
            return PtxEdit.wants(limits, source) ? edited(what, source, program).program : program;
        }
        String edit = PtxEdit.wants(limits, source) ? " edited" : "";
        Path file = cache.file(limits.fingerprint(), options + edit, source);
        byte[] stored = cache.read(file);
        if (stored != null) {
            cl_program program = fromBinary(stored);
            if (program != null) {
                return program;
            }
            cache.delete(file);
        }
        cl_program compiled = compile(what, source);
        Built built = edit.isEmpty() ? new Built(compiled, binary(compiled)) : edited(what, source, compiled);
        if (built.binary.length > 0) {
            cache.write(file, built.binary);
        }
        return built.program;
    }

    /// A program and what makes it again.
    private record Built(cl_program program, byte[] binary) {}

    /// A compiled program with [PtxEdit]'s changes, or as it is if the driver does not take them and it can do without.
    private Built edited(String what, String source, cl_program compiled) {
        byte[] binary = binary(compiled);
        byte[] text = PtxEdit.edited(binary);
        cl_program program = text == null ? null : fromBinary(text);
        if (text == null || program == null) {
            if (PtxEdit.needs(limits, source)) {
                throw new OpException("opencl: kernels/" + what + ".cl does not become a program of " + limits.name());
            }
            return new Built(compiled, binary);
        }
        CL.clReleaseProgram(compiled);
        return new Built(program, text);
    }

    private cl_program compile(String what, String source) {
        for (int attempt = 1; ; attempt++) {
            cl_program program = CL.clCreateProgramWithSource(context, 1, new String[] {source}, null, null);
            try {
                CL.clBuildProgram(program, 1, new cl_device_id[] {device}, options, null, null);
                return program;
            } catch (CLException e) {
                String log = log(program);
                CL.clReleaseProgram(program);
                if (attempt == ATTEMPTS || !lostItsFile(log)) {
                    throw new OpException(
                            "opencl: kernels/" + what + ".cl does not compile for " + limits.name() + " with " + options
                                    + " (" + e.getMessage() + "):\n" + log,
                            e);
                }
            }
        }
    }

    /// Whether PoCL's compiler failed for nothing in the source, as two of 2,000 once did: the
    /// temporary file that it wrote was gone before it was renamed. LLVM deletes such files when a
    /// signal arrives, and Java uses signals for its own ends, a read of a null, for instance.
    static boolean lostItsFile(String log) {
        return log.contains("unable to rename temporary");
    }

    private String log(cl_program program) {
        long[] size = new long[1];
        CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] text = new byte[Math.toIntExact(size[0])];
        CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, text.length, Pointer.to(text), null);
        return new String(text, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    /// The program of a stored binary, or null if the driver does not take it.
    private @Nullable cl_program fromBinary(byte[] binary) {
        cl_program program = null;
        try {
            program = CL.clCreateProgramWithBinary(
                    context,
                    1,
                    new cl_device_id[] {device},
                    new long[] {binary.length},
                    new byte[][] {binary},
                    null,
                    null);
            CL.clBuildProgram(program, 1, new cl_device_id[] {device}, options, null, null);
            return program;
        } catch (CLException e) {
            if (program != null) {
                CL.clReleaseProgram(program);
            }
            return null;
        }
    }

    private static byte[] binary(cl_program program) {
        long[] size = new long[1];
        CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
        byte[] binary = new byte[Math.toIntExact(size[0])];
        if (binary.length > 0) {
            Pointer target = Pointer.to(Pointer.to(binary));
            CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARIES, Sizeof.POINTER, target, null);
        }
        return binary;
    }
}
