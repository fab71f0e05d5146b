package dev.retort.nn.inference;

import dev.retort.tensor.DType;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.packed.PackedOp;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which buffer each result of a program goes to: results of one size share a buffer where their
/// lives do not overlap. A view keeps the buffer of what it looks at alive. What the program's output is, or looks at,
/// has no buffer: it is the caller's.
final class MemoryPlan {
    private static final int NONE = -1;

    /// Element counts of the buffers.
    final List<Integer> sizes = new ArrayList<>();

    /// Whether the output is, or looks at, a result that is made in memory of its own at each call.
    final boolean freshOutput;

    /// Numbers of the buffers for the `F32` results of each step, in order; none where results are
    /// allocated.
    final int[][] buffers;

    private final Program program;
    private final int[] root;
    private final int[] lastUse;

    MemoryPlan(Program program) {
        this.program = program;
        buffers = new int[program.steps.size()][];
        root = roots();
        lastUse = lastUses();
        assign();
        freshOutput = program.steps.stream()
                .anyMatch(step -> isMade(step)
                        && Arrays.stream(step.outputs()).anyMatch(out -> out == root[program.output])
                        && isPlanned(program.types.get(root[program.output])));
    }

    /// Bytes of all buffers.
    long bytes() {
        return sizes.stream().mapToLong(size -> 4L * size).sum();
    }

    private int[] roots() {
        int[] result = new int[program.types.size()];
        Arrays.setAll(result, value -> value);
        for (Step step : program.steps) {
            if (step.op() instanceof ShapeOp.View) {
                result[step.outputs()[0]] = result[step.inputs()[0]];
            }
        }
        return result;
    }

    private int[] lastUses() {
        int[] last = new int[program.types.size()];
        Arrays.fill(last, NONE);
        for (int i = 0; i < program.steps.size(); i++) {
            for (int in : program.steps.get(i).inputs()) {
                last[root[in]] = i;
            }
        }
        last[root[program.output]] = Integer.MAX_VALUE;
        return last;
    }

    private void assign() {
        Map<Integer, Deque<Integer>> free = new HashMap<>();
        Map<Integer, Integer> bufferOf = new HashMap<>();
        for (int i = 0; i < buffers.length; i++) {
            Step step = program.steps.get(i);
            int[] planned = planned(step);
            buffers[i] = new int[planned.length];
            for (int r = 0; r < planned.length; r++) {
                int size = program.types.get(planned[r]).shape().numel();
                Deque<Integer> waiting = free.computeIfAbsent(size, unused -> new ArrayDeque<>());
                buffers[i][r] = waiting.isEmpty() ? fresh(size) : waiting.pop();
                bufferOf.put(planned[r], buffers[i][r]);
            }
            int now = i;
            bufferOf.entrySet().removeIf(entry -> {
                boolean over = lastUse[entry.getKey()] <= now;
                if (over) {
                    int size = sizes.get(entry.getValue());
                    free.computeIfAbsent(size, unused -> new ArrayDeque<>()).push(entry.getValue());
                }
                return over;
            });
        }
    }

    private int fresh(int size) {
        sizes.add(size);
        return sizes.size() - 1;
    }

    /// The results of a step that a backend makes and that are `F32`.
    private int[] planned(Step step) {
        boolean all = isMade(step) && Arrays.stream(step.outputs()).noneMatch(out -> out == root[program.output]);
        return Arrays.stream(step.outputs())
                .filter(out -> all && isPlanned(program.types.get(out)))
                .toArray();
    }

    private static boolean isMade(Step step) {
        return !(step.op() instanceof ShapeOp.View)
                && (step.op() instanceof PackedOp || !(step.op() instanceof CustomOp))
                && !(step.op() instanceof CastOp);
    }

    private static boolean isPlanned(TensorType type) {
        return type.dtype() == DType.F32 && type.shape().numel() > 0;
    }
}
