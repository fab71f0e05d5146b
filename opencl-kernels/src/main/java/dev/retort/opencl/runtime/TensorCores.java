package dev.retort.opencl.runtime;

import dev.retort.tensor.DType;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/// Whether products run on a device's tensor cores, through `kernels/tensor.cl`.
///
/// `F16` and `BF16` products do on NVIDIA's devices if a probe, a small product with a known result,
/// compiles there and is right; otherwise they run as on other devices. `F32` products do as well,
/// rounded to TF32 (10 bits of mantissa), if `dev.retort.opencl.tf32` is `on`; it is off by default.
/// `dev.retort.opencl.tensorcores` = `off` switches all of it off, and `emulated` runs the same kernel on
/// any device with the instruction spelled out in OpenCL C: slow, for tests.
///
/// Half matrices that lie in whole pieces of 16 bytes run through `kernels/tensor_pieces.cl`, if a probe of its own is
/// right, and on Hopper's devices through `kernels/wgmma.cl`, if one of its own is right for that tile and layout.
public final class TensorCores {
    private final String mode;
    private final boolean tf32;
    private final boolean nvidia;
    private final boolean hopper;
    private final Map<DType, Boolean> proven = new EnumMap<>(DType.class);
    private final Map<DType, Boolean> provenInPieces = new EnumMap<>(DType.class);
    private final Map<String, Boolean> provenByWarpgroups = new HashMap<>();

    TensorCores(DeviceLimits limits) {
        mode = System.getProperty("dev.retort.opencl.tensorcores", "on");
        tf32 = "on".equals(System.getProperty("dev.retort.opencl.tf32"));
        nvidia = limits.tuning() == DeviceLimits.Vendor.NVIDIA;
        hopper = limits.hopper();
    }

    /// Whether the instruction is spelled out.
    public boolean isEmulated() {
        return mode.equals("emulated");
    }

    /// Whether products of a type run on them.
    ///
    /// @param probe whether they work; asked once a type, and taken for a no while it runs
    public synchronized boolean takes(DType dtype, BooleanSupplier probe) {
        boolean wanted = dtype == DType.F16 || dtype == DType.BF16 || (dtype == DType.F32 && tf32);
        if (!wanted || !(isEmulated() || (nvidia && mode.equals("on")))) {
            return false;
        }
        return isProven(proven, dtype, probe);
    }

    /// Whether products of a half type that tensor cores take, of operands in whole pieces, run piece by piece.
    ///
    /// @param probe whether that works; asked once a type, and taken for a no while it runs
    public synchronized boolean takesPieces(DType dtype, BooleanSupplier probe) {
        return isProven(provenInPieces, dtype, probe);
    }

    /// Whether products that run piece by piece run by warpgroups.
    ///
    /// @param variant type, layout and tile
    /// @param probe   whether that works; asked once a variant
    public synchronized boolean takesWarpgroups(String variant, BooleanSupplier probe) {
        return hopper && mode.equals("on") && isProven(provenByWarpgroups, variant, probe);
    }

    private static <K> boolean isProven(Map<K, Boolean> proven, K key, BooleanSupplier probe) {
        Boolean known = proven.putIfAbsent(key, false);
        if (known == null) {
            known = probe.getAsBoolean();
            proven.put(key, known);
        }
        return known;
    }
}
