package dev.retort.autograd;

import dev.retort.tensor.Autocast;
import dev.retort.tensor.Engine;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.IndexOp;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.ShapeOp;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One walk from outputs back through the graph, nodes in falling order of their numbers.
///
/// Towards leaves the gradients are accumulated there; towards given targets they are collected,
/// and only nodes that lead to a target run.
final class BackwardPass {
    private final boolean createGraph;
    private final boolean retainGraph;
    private final boolean release;
    private final Set<Storage> lasting = Collections.newSetFromMap(new IdentityHashMap<>());
    private final @Nullable Targets targets;
    private final PriorityQueue<Node> queue = new PriorityQueue<>(
            Comparator.comparingLong((Node node) -> node.sequence).reversed());
    private final Map<Node, GradientSlot[]> pending = new HashMap<>();
    private final Map<Leaf, GradientSlot> leaves = new LinkedHashMap<>();
    private final GradientOwners owners;

    private BackwardPass(@Nullable Targets targets, GradOptions options) {
        this.targets = targets;
        this.createGraph = options.createGraph();
        this.retainGraph = options.retainGraph();
        this.release = options.release() && !retainGraph;
        this.owners = new GradientOwners(!createGraph);
    }

    /// A pass to all leaves.
    static BackwardPass toLeaves(GradOptions options) {
        return new BackwardPass(null, options);
    }

    /// A pass to `targets`; with `stop` gradients do not flow on beyond a target.
    static BackwardPass to(Source[] targets, GradOptions options, boolean stop) {
        return new BackwardPass(new Targets(targets, stop), options);
    }

    /// Walks from `outputs`; afterwards the gradients can be collected or accumulated.
    void start(String caller, List<Tensor> outputs, GradOptions options) {
        if (!options.gradOutputs().isEmpty() && options.gradOutputs().size() != outputs.size()) {
            throw new OpException(caller + ": expects one gradient per output (" + outputs.size() + "), got "
                    + options.gradOutputs().size());
        }
        if (targets != null) {
            targets.search(outputs);
        }
        boolean any = false;
        try (GradScope _ = new GradScope(createGraph);
                Autocast _ = Autocast.off()) {
            for (int i = 0; i < outputs.size(); i++) {
                Source source = Source.of(outputs.get(i));
                lasting.add(outputs.get(i).storage());
                if (source != null) {
                    any = true;
                    add(source, rootGradient(caller, i, outputs.get(i), options.gradOutput(i)));
                }
            }
            if (!any) {
                throw new OpException(caller + ": no output requires a gradient (made without leaves that do, inside"
                        + " noGrad, or detached): " + outputs.getFirst().type());
            }
            run();
        }
    }

    private static Tensor rootGradient(String caller, int i, Tensor output, @Nullable Tensor given) {
        if (given == null) {
            if (output.numel() != 1) {
                throw new OpException(caller + ": expects an output of one element or a gradient for it, output " + i
                        + " is " + output.type());
            }
            return output.borrow().onesLike();
        }
        if (!given.type().equals(output.type())) {
            throw new OpException(caller + ": expects a gradient of output " + i + "'s type " + output.type() + ", got "
                    + given.type());
        }
        return given;
    }

    private void run() {
        Recording recording = Recording.current();
        @Nullable Node before = recording.backward;
        try {
            for (Node node = queue.poll(); node != null; node = queue.poll()) {
                recording.backward = node;
                visit(node);
            }
        } finally {
            recording.backward = before;
        }
    }

    private void visit(Node node) {
        GradientSlot[] slots = Objects.requireNonNull(pending.remove(node), "a queued node has slots");
        @Nullable Tensor[] gradOutputs = new Tensor[slots.length];
        for (int j = 0; j < slots.length; j++) {
            Tensor sum = slots[j].sum();
            if (sum != null) {
                Hooks hooks = node.hooks(j);
                Tensor gradient = hooked(hooks, sum, targets != null && targets.endsAt(node));
                if ((hooks != null && !hooks.isEmpty()) || (targets != null && targets.reads(node))) {
                    owners.seen(sum);
                }
                gradOutputs[j] = gradient;
                if (targets != null) {
                    targets.found(node, j, gradient);
                }
            }
        }
        boolean[] needs = new boolean[node.edges.length];
        if (!wanted(node, needs)) {
            return;
        }
        NodeContext context = new NodeContext(node, gradOutputs, needs, createGraph);
        @Nullable Tensor[] gradients = gradients(node, gradOutputs[0], context);
        passOn(node, needs, gradients, context);
        for (GradientSlot slot : slots) {
            slot.drop();
        }
        if (!retainGraph) {
            node.free();
        }
        if (release) {
            node.releaseResults(lasting);
        }
    }

    /// Hands the gradients to their places. All are held meanwhile: two of one storage must not be added to each other
    /// in place.
    private void passOn(Node node, boolean[] needs, @Nullable Tensor[] gradients, NodeContext context) {
        for (int i = 0; i < needs.length; i++) {
            Tensor gradient = needs[i] ? gradients[i] : null;
            if (gradient != null) {
                if (context.isMade(gradient)) {
                    owners.made(gradient);
                } else if (release && node.keeps(gradient)) {
                    lasting.add(gradient.storage());
                }
                owners.hold(gradient);
            }
        }
        for (int i = 0; i < needs.length; i++) {
            Tensor gradient = needs[i] ? gradients[i] : null;
            Source edge = node.edges[i];
            if (gradient != null && edge != null) {
                add(edge, gradient);
            }
            owners.drop(gradient);
        }
    }

    /// What the rule gives; nothing where the gradient is where it belongs already.
    private @Nullable Tensor[] gradients(Node node, @Nullable Tensor first, NodeContext context) {
        if (addSlice(node, first) || addEmbedded(node, first, context)) {
            return new Tensor[node.edges.length];
        }
        @Nullable
        Tensor[] gradients = isReadLast(node, first, context) && first != null
                ? gradientsOver((HostStorage) first.storage(), node, context)
                : node.rule.gradients(context);
        context.check(gradients);
        return gradients;
    }

    private static @Nullable Tensor[] gradientsOver(HostStorage last, Node node, NodeContext context) {
        last.offer(true);
        try {
            return node.rule.gradients(context);
        } finally {
            last.offer(false);
        }
    }

    /// Whether the rule is one kernel, which reads the gradient of the result before it writes its own there, and
    /// nobody else reads that afterwards.
    private boolean isReadLast(Node node, @Nullable Tensor gradient, NodeContext context) {
        if (createGraph || gradient == null || !owners.isSole(gradient) || AnomalyMode.isOn()) {
            return false;
        }
        for (int j = 1; j < context.outputs(); j++) {
            if (context.gradOrNull(j) != null) {
                return false;
            }
        }
        boolean one = switch (node.op) {
            case NormOp.BatchNorm _, NormOp.BatchNormRelu _, NormOp.LayerNorm _ -> true;
            default -> false;
        };
        return one && gradient.storage() instanceof HostStorage && Engine.listener() == null;
    }

    /// The gradient of a slice waits for those of the others, or is added where it belongs if gradients of another kind
    /// have arrived there: without zeros around it.
    private boolean addSlice(Node node, @Nullable Tensor gradient) {
        if (createGraph || gradient == null || AnomalyMode.isOn()) {
            return false;
        }
        if (node.op instanceof ShapeOp.Slice slice && node.edges[0] instanceof Output(Node to, int index)) {
            GradientSlot slot = slots(to)[index];
            return slot.addPiece(slice, gradient, node.inputTypes[0].shape()) || slot.addSeen(slice, gradient);
        }
        return false;
    }

    /// The same for rows of a table that other gradients, such as those of logits, have reached: most rows stay as they
    /// are.
    private boolean addEmbedded(Node node, @Nullable Tensor gradient, NodeContext context) {
        if (createGraph || gradient == null || AnomalyMode.isOn()) {
            return false;
        }
        if (node.op instanceof IndexOp.Embedding(int padding) && node.edges[0] instanceof Leaf leaf) {
            GradientSlot slot = leaves.get(leaf);
            return slot != null && slot.addRows(context.input(1), padding, gradient);
        }
        return false;
    }

    /// The gradient after its hooks. Where the walk stops, an outer pass goes on and calls them.
    private static Tensor hooked(@Nullable Hooks hooks, Tensor gradient, boolean outerPassFollows) {
        return hooks == null || outerPassFollows ? gradient : hooks.apply(gradient);
    }

    /// Fills `needs` with the inputs whose gradients lead somewhere; false if there are none.
    private boolean wanted(Node node, boolean[] needs) {
        if (targets != null && targets.endsAt(node)) {
            return false;
        }
        boolean any = false;
        for (int i = 0; i < needs.length; i++) {
            Source edge = node.edges[i];
            needs[i] = edge != null && (targets == null ? isOpen(edge) : targets.wants(edge));
            any |= needs[i];
        }
        return any;
    }

    private static boolean isOpen(Source edge) {
        return !(edge instanceof Leaf leaf) || leaf.requiresGrad();
    }

    private void add(Source source, Tensor gradient) {
        if (targets != null && !targets.wants(source)) {
            return;
        }
        switch (source) {
            case Leaf leaf ->
                leaves.computeIfAbsent(leaf, _ -> new GradientSlot(owners)).add(gradient, createGraph);
            case Output(Node node, int index) -> slots(node)[index].add(gradient, createGraph);
        }
    }

    /// Where the gradients of a node's results arrive; it is visited from now on.
    private GradientSlot[] slots(Node node) {
        GradientSlot[] slots = pending.get(node);
        if (slots == null) {
            slots = GradientSlot.array(node.outputTypes.length, owners);
            pending.put(node, slots);
            queue.add(node);
        }
        return slots;
    }

    /// Adds the leaves' gradients to what they hold.
    void accumulate() {
        try (GradScope _ = new GradScope(createGraph)) {
            for (Map.Entry<Leaf, GradientSlot> entry : leaves.entrySet()) {
                Leaf leaf = entry.getKey();
                GradientSlot slot = entry.getValue();
                Tensor sum = slot.sum();
                Hooks hooks = leaf.hooks();
                boolean hooked = hooks != null && !hooks.isEmpty();
                if (sum != null) {
                    boolean own = slot.isExclusive() && !hooked;
                    leaf.accumulate(hooked(hooks, sum, false), own, createGraph);
                    if (!own && !hooked) { // copied: of no use here, and the next leaf may have it
                        slot.drop();
                    }
                }
            }
        }
    }

    /// The targets' gradients in their order; null where none arrived.
    @Nullable
    Tensor[] collect() {
        if (targets == null) {
            throw new IllegalStateException("backward pass without targets");
        }
        try (GradScope _ = new GradScope(createGraph)) {
            for (Map.Entry<Leaf, GradientSlot> entry : leaves.entrySet()) {
                Tensor sum = entry.getValue().sum();
                if (sum != null) {
                    targets.found(entry.getKey(), hooked(entry.getKey().hooks(), sum, targets.stops()));
                }
            }
        }
        return targets.gradients();
    }
}
