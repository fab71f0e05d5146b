package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the block of a checkpoint uses beside its arguments: parameters and earlier results that need
/// gradients.
final class Capture {
    private final long start = Node.nextSequence();
    private final Set<@Nullable Source> own = new HashSet<>();
    private final Map<Source, Tensor> outside = new LinkedHashMap<>();

    /// @param arguments the stand-ins that the block gets
    Capture(Tensor[] arguments) {
        Arrays.stream(arguments).map(Source::of).forEach(own::add);
    }

    /// Notes the inputs of a recorded op.
    void note(Tensor[] inputs, @Nullable Source[] edges) {
        for (int i = 0; i < edges.length; i++) {
            Source edge = edges[i];
            boolean earlier =
                    edge instanceof Leaf || (edge instanceof Output(Node node, int _) && node.sequence < start);
            if (edge != null && earlier && !own.contains(edge)) {
                outside.putIfAbsent(edge, inputs[i]);
            }
        }
    }

    /// The tensors from outside, in the order of their first use.
    Tensor[] tensors() {
        return outside.values().toArray(Tensor[]::new);
    }
}
