package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tensors whose gradients a pass is after, and the nodes that lead to them.
final class Targets {
    private final Source[] order;
    private final boolean stop;
    private final Set<Source> sources = new HashSet<>();
    private final Set<Node> targetNodes = new HashSet<>();
    private final Set<Node> leading = new HashSet<>();
    private final Map<Source, Tensor> found = new HashMap<>();

    /// Nodes below this number were recorded before every target, and cannot lead to one.
    private final long oldest;

    /// @param stop whether gradients do not flow on beyond a target
    Targets(Source[] order, boolean stop) {
        this.order = order;
        this.stop = stop;
        long lowest = Long.MAX_VALUE;
        for (Source source : order) {
            sources.add(source);
            if (source instanceof Output(Node node, int _)) {
                targetNodes.add(node);
                lowest = Math.min(lowest, node.sequence);
            } else {
                lowest = Long.MIN_VALUE; // any node may use a leaf
            }
        }
        oldest = lowest;
    }

    /// Finds the nodes between `outputs` and the targets.
    void search(List<Tensor> outputs) {
        List<Node> reached = reachable(outputs);
        reached.sort(Comparator.comparingLong(node -> node.sequence)); // inputs first
        for (Node node : reached) {
            boolean leads = targetNodes.contains(node);
            for (int i = 0; i < node.edges.length && !leads; i++) {
                Source edge = node.edges[i];
                leads = edge != null && wants(edge);
            }
            if (leads) {
                leading.add(node);
            }
        }
    }

    private List<Node> reachable(List<Tensor> outputs) {
        Set<Node> seen = new HashSet<>();
        ArrayDeque<Node> open = new ArrayDeque<>();
        for (Tensor output : outputs) {
            enter(Source.of(output), seen, open);
        }
        List<Node> reached = new ArrayList<>();
        for (Node node = open.poll(); node != null; node = open.poll()) {
            reached.add(node);
            if (!endsAt(node)) {
                for (Source edge : node.edges) {
                    enter(edge, seen, open);
                }
            }
        }
        return reached;
    }

    private void enter(@Nullable Source source, Set<Node> seen, ArrayDeque<Node> open) {
        if (source instanceof Output(Node node, int _) && node.sequence >= oldest && seen.add(node)) {
            open.push(node);
        }
    }

    /// Whether a gradient that arrives at `source` is of use.
    boolean wants(Source source) {
        return switch (source) {
            case Leaf leaf -> sources.contains(leaf);
            case Output(Node node, int _) -> leading.contains(node);
        };
    }

    /// Whether the walk ends at `node`.
    boolean endsAt(Node node) {
        return stop && targetNodes.contains(node);
    }

    /// Whether gradients do not flow on beyond a target.
    boolean stops() {
        return stop;
    }

    /// Whether a gradient of a result of `node` is asked for.
    boolean reads(Node node) {
        return targetNodes.contains(node);
    }

    /// Notes the complete gradient of result `index` of `node`, if that is a target.
    void found(Node node, int index, Tensor gradient) {
        if (targetNodes.contains(node)) {
            Output output = new Output(node, index);
            if (sources.contains(output)) {
                found.put(output, gradient);
            }
        }
    }

    /// Notes the complete gradient of a leaf.
    void found(Leaf leaf, Tensor gradient) {
        found.put(leaf, gradient);
    }

    /// The gradients in the order of the targets; null where none arrived.
    @Nullable
    Tensor[] gradients() {
        @Nullable Tensor[] gradients = new Tensor[order.length];
        for (int i = 0; i < order.length; i++) {
            gradients[i] = found.get(order[i]);
        }
        return gradients;
    }
}
