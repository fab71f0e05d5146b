package dev.retort.opencl.runtime;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// One kernel with its arguments, in the order of the kernel's parameters.
public final class Launch {
    private final ClDevice device;
    private final Kernel kernel;
    private final List<Object> arguments = new ArrayList<>(8);

    Launch(ClDevice device, Kernel kernel) {
        this.device = device;
        this.kernel = kernel;
    }

    /// The buffer of a tensor; where in it the tensor starts is a matter of the kernel's layout argument.
    public Launch buffer(Tensor tensor) {
        return buffer((DeviceStorage) tensor.storage());
    }

    /// A buffer.
    public Launch buffer(DeviceStorage storage) {
        storage.requireUsable();
        return held(storage);
    }

    /// A buffer that may have been given back since, but is held for this launch.
    public Launch held(DeviceStorage storage) {
        if (storage.owner() != device) {
            throw new OpException("opencl: expects buffers of " + device.name() + ", got one of " + storage.device());
        }
        storage.realize(); // before any argument of this launch is set
        arguments.add(storage);
        return this;
    }

    /// A struct of ints.
    public Launch struct(int... fields) {
        arguments.add(fields);
        return this;
    }

    /// Ints, one argument each.
    public Launch ints(int... values) {
        for (int value : values) {
            arguments.add(value);
        }
        return this;
    }

    /// A 64-bit integer.
    public Launch number(long value) {
        arguments.add(value);
        return this;
    }

    /// A number in the type that kernels on `dtype` compute in: float for half types, 64-bit integers.
    public Launch scalar(DType dtype, double value) {
        arguments.add(
                switch (dtype) {
                    case F64 -> (Object) value;
                    case F32, F16, BF16 -> (float) value;
                    case I64, I32, I8, U8, BOOL -> (long) value;
                });
        return this;
    }

    /// Where the kernel reports values that it cannot accept, and how the error reads.
    public Launch faults(Faults.Report report) {
        arguments.add(device.faults().block());
        arguments.add(device.faults().site(report));
        return this;
    }

    /// Enqueues `global` work-items (at least) in groups of `group`.
    public void run(long global, int group) {
        run(new long[] {global}, group);
    }

    /// Enqueues a grid; every extent is rounded up to whole groups.
    public void run(long[] global, int... group) {
        long[] items = new long[global.length];
        long[] local = new long[global.length];
        int size = 1;
        for (int d = 0; d < items.length; d++) {
            local[d] = group[d];
            size *= group[d];
            items[d] = (global[d] + group[d] - 1) / group[d] * group[d];
            if (items[d] == 0) {
                return;
            }
        }
        if (size > kernel.largestGroup) {
            throw new OpException("opencl: kernel " + kernel.name + " needs work-groups of " + size + ", "
                    + device.limits().name() + " allows " + kernel.largestGroup);
        }
        device.enqueue(kernel, arguments, items, local);
    }

    /// The most work-items of a group that this kernel can have on this device.
    public int largestGroup() {
        return kernel.largestGroup;
    }
}
