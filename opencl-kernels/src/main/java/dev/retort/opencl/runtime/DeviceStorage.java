package dev.retort.opencl.runtime;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Storage;

/// A buffer of elements in the memory of an OpenCL device.
public final class DeviceStorage extends Storage {
    private final ClDevice device;
    private final Block block;
    private final DeviceMemory.Lease lease;

    DeviceStorage(ClDevice device, DType dtype, int size, Block block) {
        super(dtype, size);
        this.device = device;
        this.block = block;
        this.lease = device.memory().lease(this, block);
    }

    @Override
    public Device device() {
        return device.name();
    }

    /// The device that holds the buffer.
    public ClDevice owner() {
        return device;
    }

    /// @throws OpException if the memory was given back
    Block block() {
        if (lease.ended()) {
            throw new OpException(device.name() + ": a tensor of " + size() + " " + dtype()
                    + " elements is used after its memory was given back");
        }
        return block;
    }

    /// Bytes of the elements.
    public long bytes() {
        return (long) size() * dtype().bytes();
    }

    @Override
    public boolean isReleasable() {
        return true;
    }

    /// Commands that were enqueued before may still use it; using it afterwards is an error.
    @Override
    protected void free() {
        device.settle();
        device.memory().end(lease);
    }
}
