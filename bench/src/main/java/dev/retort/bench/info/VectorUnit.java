package dev.retort.bench.info;

import dev.retort.tensor.cpu.simd.Lanes;

/// The vector width that kernels use; zero floats if the Vector API's module is not loaded.
public record VectorUnit(int floats) {
    /// The width in this process.
    public static VectorUnit here() {
        boolean loaded = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        return new VectorUnit(loaded ? Lanes.length() : 0);
    }

    /// Whether vectors are used at all.
    public boolean available() {
        return floats > 0;
    }

    /// One line for people.
    public String description() {
        return available()
                ? 32 * floats + " bit, " + floats + " floats at a time"
                : "none: start Java with --add-modules jdk.incubator.vector";
    }
}
