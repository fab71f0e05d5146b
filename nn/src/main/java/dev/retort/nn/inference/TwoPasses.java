package dev.retort.nn.inference;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.Op;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;

/// Tells whether two passes of a network on different inputs did the same: then its ops do not
/// depend on the data.
final class TwoPasses {
    private TwoPasses() {}

    /// Another input of the same type: the same elements in the opposite order, so that indices
    /// stay valid. Where that changes nothing, floating elements are varied.
    static Tensor other(Tensor example) {
        int count = example.numel();
        HostStorage from = example.toHost();
        HostStorage to = HostStorage.allocate(example.dtype(), count);
        boolean changed = false;
        for (int i = 0; i < count; i++) {
            changed |= from.getDouble(i) != from.getDouble(count - 1 - i);
            copy(from, count - 1 - i, to, i);
        }
        for (int i = 0; i < count && !changed && example.dtype().isFloating(); i++) {
            to.setDouble(i, from.getDouble(i) + 0.125 * (i % 17 - 8));
        }
        return Tensor.of(to, 0, example.shape(), example.shape().contiguousStrides())
                .to(example.device());
    }

    private static void copy(HostStorage from, int i, HostStorage to, int j) {
        if (from.dtype().isFloating()) {
            to.setDouble(j, from.getDouble(i));
        } else {
            to.setLong(j, from.getLong(i));
        }
    }

    /// Refuses programs that differ.
    ///
    /// @throws InferenceException naming the first difference
    static void check(Program first, Program second) {
        int steps = Math.min(first.steps.size(), second.steps.size());
        for (int i = 0; i < steps; i++) {
            Step a = first.steps.get(i);
            Step b = second.steps.get(i);
            if (!same(a.op(), b.op()) || !Arrays.equals(a.inputs(), b.inputs())) {
                throw dependent("op " + i + " is " + a.op().name() + " for one input and " + b.op().name()
                        + " with other attributes or operands for another");
            }
        }
        if (first.steps.size() != second.steps.size() || first.output != second.output) {
            throw dependent("one input takes " + first.steps.size() + " ops, another " + second.steps.size());
        }
        first.constants.forEach((value, tensor) -> {
            Tensor other = second.constants.get(value);
            if (other == null || !sameElements(tensor, other)) {
                throw dependent("a tensor " + tensor.type() + " is built from numbers read out of the input");
            }
        });
    }

    private static InferenceException dependent(String how) {
        return new InferenceException("inference_session: what the network computes depends on its data: " + how);
    }

    /// Whether two ops are of one record with equal attributes; arrays count by their elements.
    static boolean same(Op a, Op b) {
        if (a.getClass() != b.getClass()) {
            return false;
        }
        if (a.equals(b) || !a.getClass().isRecord()) {
            return true;
        }
        try {
            for (RecordComponent component : a.getClass().getRecordComponents()) {
                Object mine = component.getAccessor().invoke(a);
                Object other = component.getAccessor().invoke(b);
                if (!Arrays.deepEquals(new Object[] {mine}, new Object[] {other})) {
                    return false;
                }
            }
            return true;
        } catch (ReflectiveOperationException e) {
            return false; // unknown attributes might differ
        }
    }

    private static boolean sameElements(Tensor a, Tensor b) {
        if (!a.type().equals(b.type())) {
            return false;
        }
        if (a.storage() == b.storage() && a.offset() == b.offset() && Arrays.equals(a.strides(), b.strides())) {
            return true;
        }
        return a.dtype() == DType.I64 || a.dtype() == DType.I32
                ? Arrays.equals(a.toLongs(), b.toLongs())
                : Arrays.equals(a.toDoubles(), b.toDoubles());
    }
}
