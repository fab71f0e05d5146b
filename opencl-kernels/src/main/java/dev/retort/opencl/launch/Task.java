package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.Fused;
import dev.retort.tensor.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// One op that is to run: where, on what, and what comes out.
///
/// @param device where
/// @param op     what
/// @param in     the inputs, any layout, without gradient history
/// @param out    types of the results
/// @param copies contiguous copies of inputs, given back when the op was enqueued
record Task(ClDevice device, Op op, Tensor[] in, TensorType[] out, List<DeviceStorage> copies) {
    private static final int CPU_GROUPS = 8; // per core: enough to balance, few enough to start quickly
    private static final int GPU_GROUPS = 32; // per multiprocessor
    private static final int WIDE = 4; // elements of a work-item that are on their way at once

    /// A task that has made no copies.
    Task(ClDevice device, Op op, Tensor[] in, TensorType[] out) {
        this(device, op, in, out, new ArrayList<>());
    }

    /// Gives back the copies that are not part of the results.
    Tensor[] done(Tensor[] results) {
        for (DeviceStorage copy : copies) {
            boolean lasts = false;
            for (Tensor result : results) {
                lasts |= result.storage() == copy;
            }
            if (!lasts) {
                copy.release();
            }
        }
        return results;
    }

    /// A fresh contiguous tensor, its elements undefined.
    Tensor fresh(TensorType type) {
        return device.tensor(type);
    }

    /// A fresh contiguous tensor, its elements undefined.
    Tensor fresh(DType dtype, int... shape) {
        return device.tensor(dtype, Shape.of(shape));
    }

    /// A fresh tensor of zeros.
    Tensor zeros(TensorType type) {
        Tensor tensor = device.tensor(type);
        device.clear((DeviceStorage) tensor.storage());
        return tensor;
    }

    /// Result number `i`.
    Tensor result(int i) {
        return fresh(out[i]);
    }

    /// Input `i` in row-major order: itself, or a copy.
    Tensor dense(int i) {
        return dense(in[i]);
    }

    /// `x` in row-major order: itself, or a copy.
    Tensor dense(Tensor x) {
        if (x.isContiguous()) {
            return x;
        }
        Tensor copy = ShapeLauncher.copied(this, x);
        copies.add((DeviceStorage) copy.storage());
        return copy;
    }

    /// Several inputs in row-major order.
    Tensor[] dense() {
        Tensor[] copies = new Tensor[in.length];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = dense(i);
        }
        return copies;
    }

    Launch kernel(String file, String variant, String name) {
        return device.kernel(file, variant, name);
    }

    /// Runs an element-wise kernel over `count` elements.
    void each(Launch launch, long count) {
        int group = group();
        long groups = (count + group - 1) / group;
        long most = (long) device.limits().computeUnits() * (device.limits().cpu() ? CPU_GROUPS : GPU_GROUPS);
        launch.run(Math.min(groups, most) * group, group);
    }

    /// The definitions of a kernel with EACH_WIDE for windows like these.
    String wide(Layout layout, String types) {
        String flat = layout.variant(types);
        return isWide(layout) ? Types.with(flat, "WIDE", WIDE) : flat;
    }

    /// Runs a kernel that was compiled with [#wide].
    void each(Launch launch, Layout layout) {
        each(launch, isWide(layout) ? (layout.count() + WIDE - 1L) / WIDE : layout.count());
    }

    private boolean isWide(Layout layout) {
        return layout.isFlat() && !device.limits().cpu();
    }

    /// Whether a work-item a line would leave most of the device idle.
    boolean areFewAndLong(long lines, int length, int isLong) {
        long enough = (long) device.limits().computeUnits() * (device.limits().cpu() ? 1 : 1024);
        return lines < enough && length >= isLong;
    }

    /// Size of work-groups that do not work together.
    int group() {
        return Math.min(device.limits().cpu() ? 64 : 256, device.limits().groupSize());
    }

    /// The results in basic ops, on this device.
    Tensor[] composite(Fused fused) {
        return fused.composite(in);
    }

    /// The only result.
    static Tensor[] one(Tensor tensor) {
        return new Tensor[] {tensor};
    }

    /// Half types in single precision: the inputs widened, the results rounded.
    static boolean isHalf(DType dtype) {
        return dtype == DType.F16 || dtype == DType.BF16;
    }

    /// Runs `body` on a task with wider inputs and rounds its floating results to this task's types.
    Tensor[] widened(java.util.function.Function<Task, Tensor[]> body, Supplier<TensorType[]> types) {
        Tensor[] wide = new Tensor[in.length];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = isHalf(in[i].dtype()) ? in[i].to(DType.F32) : in[i];
        }
        Tensor[] results = body.apply(new Task(device, op, wide, types.get()));
        for (int i = 0; i < results.length; i++) {
            results[i] = results[i].to(out[i].dtype());
        }
        return results;
    }
}
