package dev.retort.nn;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// Numbers as scalars of a state dict, for authors of a [Stateful].
public final class StateValues {
    private StateValues() {}

    /// An exact integer.
    public static Tensor of(long value) {
        return Tensor.wrap(DType.I64, new long[] {value}).reshape(Shape.SCALAR);
    }

    /// An exact double.
    public static Tensor of(double value) {
        return Tensor.scalar(DType.F64, value);
    }

    /// The integer under `name`.
    ///
    /// @throws IllegalArgumentException if there is none
    public static long toLong(Map<String, Tensor> state, String name) {
        return find(state, name, DType.I64).toLongs()[0];
    }

    /// The double under `name`.
    ///
    /// @throws IllegalArgumentException if there is none
    public static double toDouble(Map<String, Tensor> state, String name) {
        return find(state, name, DType.F64).toDoubles()[0];
    }

    private static Tensor find(Map<String, Tensor> state, String name, DType dtype) {
        Tensor found = state.get(name);
        if (found == null || found.numel() != 1 || found.dtype() != dtype) {
            throw new IllegalArgumentException("state: expects one " + dtype + " number under '" + name + "', got "
                    + (found == null ? "nothing" : found.type()));
        }
        return found;
    }

    /// Checks that `state` has exactly the names that `owner` expects.
    ///
    /// @throws IllegalArgumentException listing the missing and unexpected names
    public static void expect(String owner, Map<String, Tensor> state, Collection<String> names) {
        Set<String> missing = new LinkedHashSet<>(names);
        missing.removeAll(state.keySet());
        Set<String> unexpected = new LinkedHashSet<>(state.keySet());
        unexpected.removeAll(Set.copyOf(names));
        if (!missing.isEmpty() || !unexpected.isEmpty()) {
            throw new IllegalArgumentException("loadStateDict: the state does not fit the " + owner + "; missing: "
                    + String.join(", ", missing) + "; unexpected: " + String.join(", ", unexpected));
        }
    }
}
