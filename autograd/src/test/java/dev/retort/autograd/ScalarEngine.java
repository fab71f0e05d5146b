package dev.retort.autograd;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Automatic differentiation of scalars in one page, to compare with (after Karpathy's micrograd, 2020).
final class ScalarEngine {
    private ScalarEngine() {}

    /// A number that knows how it was made.
    static final class Value {
        final double data;
        double grad;
        private final Value[] parents;
        private Runnable push = () -> {};

        Value(double data, Value... parents) {
            this.data = data;
            this.parents = parents;
        }

        Value plus(Value other) {
            Value out = new Value(data + other.data, this, other);
            out.push = () -> {
                grad += out.grad;
                other.grad += out.grad;
            };
            return out;
        }

        Value times(Value other) {
            Value out = new Value(data * other.data, this, other);
            out.push = () -> {
                grad += other.data * out.grad;
                other.grad += data * out.grad;
            };
            return out;
        }

        Value tanh() {
            Value out = new Value(Math.tanh(data), this);
            out.push = () -> grad += (1 - out.data * out.data) * out.grad;
            return out;
        }

        Value relu() {
            Value out = new Value(Math.max(0, data), this);
            out.push = () -> grad += data > 0 ? out.grad : 0;
            return out;
        }

        void backward() {
            List<Value> order = new ArrayList<>();
            visit(this, order, new HashSet<>());
            grad = 1;
            for (Value v : order.reversed()) {
                v.push.run();
            }
        }

        private static void visit(Value v, List<Value> order, Set<Value> seen) {
            if (seen.add(v)) {
                Arrays.stream(v.parents).forEach(p -> visit(p, order, seen));
                order.add(v);
            }
        }
    }
}
