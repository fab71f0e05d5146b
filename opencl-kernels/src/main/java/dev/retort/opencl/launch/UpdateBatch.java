package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// Updates by one rule with the same numbers, as an optimiser makes them for one parameter after the
/// other: they wait for each other and become one launch. Commands that have nothing to do with them pass
/// by, so running statistics of all layers come together as well.
///
/// Nothing that one of them touches is written by another one.
final class UpdateBatch implements ClDevice.Deferred {
    /// Sets of operands in a launch, as in `kernels/update.cl`; 16 sets of four take 876 of the 1,024
    /// bytes that every device has for arguments.
    static final int MOST = 16;

    private static final int OPERANDS = 4;

    private final Task task;
    private final String rule;
    private final DType dtype;
    private final double[] numbers;
    private final int[] flags;
    private final List<Tensor[]> sets = new ArrayList<>();
    private final Set<Storage> written = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Storage> read = Collections.newSetFromMap(new IdentityHashMap<>());
    private long elements;

    private UpdateBatch(Task task, String rule, DType dtype, double[] numbers, int[] flags) {
        this.task = task;
        this.rule = rule;
        this.dtype = dtype;
        this.numbers = numbers;
        this.flags = flags;
    }

    /// Applies `rule` to the operands, together with others if they allow it.
    static void apply(Task t, String rule, Tensor[] operands, double[] numbers, int... flags) {
        UpdateBatch own = new UpdateBatch(t, rule, operands[0].dtype(), numbers, flags);
        if (!Arrays.stream(operands).allMatch(Tensor::isContiguous)) {
            t.device().settle();
            own.add(operands);
            own.run();
            return;
        }
        List<UpdateBatch> waiting = new ArrayList<>();
        for (ClDevice.Deferred deferred : t.device().deferred()) {
            if (deferred instanceof UpdateBatch batch) {
                waiting.add(batch);
            }
        }
        if (waiting.stream().anyMatch(batch -> batch.collides(own, operands))) {
            t.device().settle();
            waiting.clear();
        }
        for (UpdateBatch batch : waiting) {
            if (batch.takes(own, operands)) {
                batch.add(operands);
                return;
            }
        }
        own.add(operands);
        t.device().defer(own);
    }

    private boolean takes(UpdateBatch other, Tensor[] operands) {
        return sets.size() < MOST
                && rule.equals(other.rule)
                && dtype == other.dtype
                && Arrays.equals(numbers, other.numbers)
                && Arrays.equals(flags, other.flags)
                && elements + operands[0].numel() <= Integer.MAX_VALUE;
    }

    private boolean collides(UpdateBatch other, Tensor[] operands) {
        for (int i = 0; i < operands.length; i++) {
            Storage storage = operands[i].storage();
            if (written.contains(storage) || (other.isWritten(i) && read.contains(storage))) {
                return true;
            }
        }
        return false;
    }

    private boolean isWritten(int operand) {
        return ((UpdateOp) task.op()).writes(operand);
    }

    @Override
    public boolean writes(DeviceStorage storage) {
        return written.contains(storage);
    }

    @Override
    public boolean reads(DeviceStorage storage) {
        return read.contains(storage);
    }

    private void add(Tensor[] operands) {
        sets.add(operands);
        elements += operands[0].numel();
        for (int i = 0; i < operands.length; i++) {
            (isWritten(i) ? written : read).add(operands[i].storage());
            ((DeviceStorage) operands[i].storage()).hold();
        }
    }

    @Override
    public void run() {
        enqueue();
        for (Tensor[] operands : sets) {
            for (Tensor operand : operands) {
                ((DeviceStorage) operand.storage()).letGo();
            }
        }
    }

    private void enqueue() {
        if (sets.size() == 1) {
            Tensor[] only = sets.getFirst();
            Layout layout = Layout.of(task.op().name(), only[0].shape(), filled(only));
            enqueue(buffers(kernel(rule).struct(layout.fields()), only), layout.count());
            return;
        }
        Launch launch = kernel(rule + "_many").struct(fields());
        for (int i = 0; i < MOST; i++) {
            buffers(launch, sets.get(Math.min(i, sets.size() - 1)));
        }
        enqueue(launch, elements);
    }

    private Launch kernel(String name) {
        return task.kernel("update", Types.of(dtype), name);
    }

    private void enqueue(Launch launch, long count) {
        for (double number : numbers) {
            launch.scalar(dtype, number);
        }
        task.each(launch.ints(flags), count);
    }

    /// Four operands: the first again where the rule has fewer, and leaves them alone.
    private static Tensor[] filled(Tensor[] operands) {
        Tensor[] all = Arrays.copyOf(operands, OPERANDS);
        Arrays.fill(all, operands.length, OPERANDS, operands[0]);
        return all;
    }

    private static Launch buffers(Launch launch, Tensor[] operands) {
        for (Tensor operand : filled(operands)) {
            launch.held((DeviceStorage) operand.storage());
        }
        return launch;
    }

    /// The struct `Sets`.
    private int[] fields() {
        int[] out = new int[1 + MOST + MOST * OPERANDS];
        out[0] = sets.size();
        int end = 0;
        for (int i = 0; i < sets.size(); i++) {
            Tensor[] operands = filled(sets.get(i));
            end += operands[0].numel();
            out[1 + i] = end;
            for (int k = 0; k < OPERANDS; k++) {
                out[1 + MOST + i * OPERANDS + k] = operands[k].offset();
            }
        }
        return out;
    }
}
