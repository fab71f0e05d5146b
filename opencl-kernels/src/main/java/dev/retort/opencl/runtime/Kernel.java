package dev.retort.opencl.runtime;

import java.util.Arrays;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;
import org.jspecify.annotations.Nullable;

/// A compiled kernel with the arguments that it was given last: an argument that did not change is not
/// passed again.
final class Kernel {
    final cl_kernel handle;
    final String name;
    final int largestGroup;
    private @Nullable Object[] last = new @Nullable Object[8];

    Kernel(cl_kernel handle, String name, int largestGroup) {
        this.handle = handle;
        this.name = name;
        this.largestGroup = largestGroup;
    }

    private boolean isNew(int index, Object value) {
        if (index >= last.length) {
            last = Arrays.copyOf(last, 2 * index);
        }
        Object before = last[index];
        boolean same =
                before instanceof int[] a && value instanceof int[] b ? Arrays.equals(a, b) : value.equals(before);
        last[index] = value;
        return !same;
    }

    void set(int index, Block block) {
        if (isNew(index, block)) {
            CL.clSetKernelArg(handle, index, Sizeof.cl_mem, block.argument);
        }
    }

    void set(int index, int[] struct) {
        if (isNew(index, struct)) {
            CL.clSetKernelArg(handle, index, (long) struct.length * Sizeof.cl_int, Pointer.to(struct));
        }
    }

    void set(int index, Object number) {
        if (!isNew(index, number)) {
            return;
        }
        switch (number) {
            case Integer i -> CL.clSetKernelArg(handle, index, Sizeof.cl_int, Pointer.to(new int[] {i}));
            case Long l -> CL.clSetKernelArg(handle, index, Sizeof.cl_long, Pointer.to(new long[] {l}));
            case Float f -> CL.clSetKernelArg(handle, index, Sizeof.cl_float, Pointer.to(new float[] {f}));
            case Double d -> CL.clSetKernelArg(handle, index, Sizeof.cl_double, Pointer.to(new double[] {d}));
            default -> throw new IllegalArgumentException("kernel argument of " + number.getClass());
        }
    }
}
