package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.cpu.simd.Lanes;

/// Whether the Vector API kernels may be used; decided once.
///
/// They need the module `jdk.incubator.vector` (`--add-modules jdk.incubator.vector`). The system
/// property `dev.retort.vector=off` turns them off; `dev.retort.vector.bits` forces a width. Without them
/// float32 ops run on the reference kernels: slow and right, after one warning.
final class Vectors {
    static final boolean AVAILABLE = available();

    private Vectors() {}

    /// What was chosen, for people.
    static String description() {
        return AVAILABLE ? "vectors of " + Lanes.length() * Float.SIZE + " bits" : "reference kernels";
    }

    private static boolean available() {
        if (System.getProperty("dev.retort.vector", "on").equals("off")) {
            warn("dev.retort.vector=off");
            return false;
        }
        if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
            warn("the module jdk.incubator.vector is missing: run java with --add-modules jdk.incubator.vector");
            return false;
        }
        return true;
    }

    private static void warn(String reason) {
        System.getLogger("dev.retort.tensor")
                .log(System.Logger.Level.WARNING, "float32 ops run on the slow reference kernels: {0}", reason);
    }
}
