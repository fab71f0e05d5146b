package dev.retort.nn.inference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The ops of one forward pass, in order, on numbered values.
final class Program {
    final int input;
    int output;
    final List<Step> steps = new ArrayList<>();
    final Map<Integer, Tensor> constants = new HashMap<>();
    final List<TensorType> types = new ArrayList<>();

    Program(TensorType input) {
        this.input = value(input);
    }

    /// A new value.
    int value(TensorType type) {
        types.add(type);
        return types.size() - 1;
    }

    /// A new value that is always `tensor`.
    int constant(Tensor tensor) {
        int value = value(tensor.type());
        constants.put(value, tensor.detach());
        return value;
    }

    boolean isConstant(int value) {
        return constants.containsKey(value);
    }

    /// How many inputs of steps, and the program's output, read each value.
    int[] uses() {
        int[] uses = new int[types.size()];
        uses[output]++;
        for (Step step : steps) {
            for (int in : step.inputs()) {
                uses[in]++;
            }
        }
        return uses;
    }

    /// Drops steps whose results nobody reads, and constants likewise.
    void dropUnused() {
        BitSet needed = new BitSet();
        needed.set(output);
        for (int i = steps.size() - 1; i >= 0; i--) {
            Step step = steps.get(i);
            boolean read = false;
            for (int out : step.outputs()) {
                read |= needed.get(out);
            }
            if (read) {
                for (int in : step.inputs()) {
                    needed.set(in);
                }
            } else {
                steps.remove(i);
            }
        }
        constants.keySet().removeIf(value -> !needed.get(value));
    }
}
