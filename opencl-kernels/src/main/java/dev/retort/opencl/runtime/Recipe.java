package dev.retort.opencl.runtime;

import java.util.List;

/// How the elements of a storage will be computed, once somebody reads them.
public interface Recipe {
    /// Enqueues the kernel that fills `storage`.
    void compute(DeviceStorage storage);

    /// The storages that it reads, each as often as it is listed.
    List<DeviceStorage> reads();
}
