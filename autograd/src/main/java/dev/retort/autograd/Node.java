package dev.retort.autograd;

import dev.retort.autograd.vjp.Rule;
import dev.retort.autograd.vjp.Saved;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Storage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.MatMulOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.ShapeOp;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One recorded op: its gradient rule, where the gradients of its inputs go, and the tensors that
/// the rule reads.
///
/// Nodes are numbered in the order of recording. Inputs exist before the op, so along every edge
/// the number falls: visiting nodes by falling number is a topological order, without recursion and
/// without counting edges.
final class Node {
    private static final AtomicLong COUNT = new AtomicLong();

    final Op op;
    final Rule rule;
    final long sequence;
    final TensorType[] inputTypes;
    final TensorType[] outputTypes;
    final Device device;
    /// Per input: where its gradient goes, or null if it needs none.
    final @Nullable Source[] edges;

    /// Whether the second input of a product was a transposed matrix, and its gradient had better be one.
    final boolean transposed;

    /// Where in the model the op ran; recorded in anomaly mode only.
    final String path;

    private @Nullable SavedTensor[] savedInputs = new SavedTensor[0];
    private @Nullable SavedTensor[] savedOutputs = new SavedTensor[0];
    private boolean freed;

    /// The storages that the op made and whose memory can be given back.
    private final List<WeakReference<Storage>> made;

    private @Nullable Hooks @Nullable [] hooks;

    Node(Op op, Rule rule, Tensor[] inputs, @Nullable Source[] edges, Tensor[] outputs) {
        this.op = op;
        this.rule = rule;
        this.edges = edges;
        this.sequence = COUNT.getAndIncrement();
        this.inputTypes = types(inputs);
        this.outputTypes = types(outputs);
        this.device = inputs[0].device();
        this.transposed = op instanceof MatMulOp && isTransposed(inputs[1]);
        this.path = AnomalyMode.isOn() ? ModulePath.current() : "";
        boolean[] needs = new boolean[edges.length];
        for (int i = 0; i < edges.length; i++) {
            needs[i] = edges[i] != null;
        }
        save(rule.saved(needs), inputs, outputs);
        made = made(op, inputs, outputs);
    }

    private static boolean isTransposed(Tensor matrix) {
        return matrix.rank() == 2 && !matrix.isContiguous() && matrix.strides()[0] == 1;
    }

    /// Views, copies to where a tensor already is and results of custom ops share storages with
    /// others.
    private static List<WeakReference<Storage>> made(Op op, Tensor[] inputs, Tensor[] outputs) {
        if (op instanceof ShapeOp.View || op instanceof CastOp.ToDevice || op instanceof CustomOp) {
            return List.of();
        }
        List<WeakReference<Storage>> made = new ArrayList<>();
        for (Tensor output : outputs) {
            // Losses and counts are read after the step.
            if (output.numel() > 1 && output.storage().isReleasable() && !shared(output, inputs)) {
                made.add(new WeakReference<>(output.storage()));
            }
        }
        return made;
    }

    private static boolean shared(Tensor output, Tensor[] inputs) {
        for (Tensor input : inputs) {
            if (input.storage() == output.storage()) {
                return true;
            }
        }
        return false;
    }

    /// Gives back the memory of the results, except those that are in `lasting`.
    void releaseResults(Set<Storage> lasting) {
        for (WeakReference<Storage> reference : made) {
            Storage storage = reference.get();
            if (storage != null && !lasting.contains(storage)) {
                storage.release();
            }
        }
    }

    /// The number that the next node will get: what has a lower one was recorded before now.
    static long nextSequence() {
        return COUNT.get();
    }

    private static TensorType[] types(Tensor[] tensors) {
        TensorType[] types = new TensorType[tensors.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = tensors[i].type();
        }
        return types;
    }

    /// Outputs are kept as constants, not as the tensors that the user holds: those refer to this
    /// node.
    private void save(Saved saved, Tensor[] inputs, Tensor[] outputs) {
        if (saved.inputs() != 0) {
            savedInputs = new SavedTensor[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                savedInputs[i] = saved.keepsInput(i) ? SavedTensor.of(inputs[i]) : null;
            }
        }
        if (saved.outputs() != 0) {
            savedOutputs = new SavedTensor[outputs.length];
            for (int j = 0; j < outputs.length; j++) {
                savedOutputs[j] = saved.keepsOutput(j) ? SavedTensor.of(outputs[j].borrow()) : null;
            }
        }
    }

    /// Saved input `i`, with its history.
    Tensor input(int i) {
        return saved(savedInputs, i, "input").checked(describe() + ": input " + i);
    }

    /// Saved output `j`; with `linked` as a result of this node, else as a constant.
    Tensor output(int j, boolean linked) {
        Tensor tensor = saved(savedOutputs, j, "output").checked(describe() + ": output " + j);
        if (!linked || !tensor.dtype().isFloating()) {
            return tensor;
        }
        Tensor result = tensor.borrow();
        result.history(new Output(this, j));
        return result;
    }

    private SavedTensor saved(@Nullable SavedTensor[] tensors, int i, String what) {
        if (freed) {
            throw new OpException("backward of " + describe() + ": the saved tensors were freed by an earlier backward;"
                    + " use retainGraph there to go through the graph again");
        }
        SavedTensor saved = i < tensors.length ? tensors[i] : null;
        if (saved == null) {
            throw new IllegalStateException(
                    "backward of " + describe() + ": the rule reads " + what + " " + i + " but does not save it");
        }
        return saved;
    }

    /// Whether `tensor` shares storage with a tensor saved here.
    boolean keeps(Tensor tensor) {
        return contains(savedInputs, tensor) || contains(savedOutputs, tensor);
    }

    private static boolean contains(@Nullable SavedTensor[] saved, Tensor tensor) {
        for (SavedTensor s : saved) {
            if (s != null && s.tensor().storage() == tensor.storage()) {
                return true;
            }
        }
        return false;
    }

    /// Number of tensors kept for backward.
    int savedCount() {
        int count = 0;
        for (SavedTensor s : savedInputs) {
            count += s != null ? 1 : 0;
        }
        for (SavedTensor s : savedOutputs) {
            count += s != null ? 1 : 0;
        }
        return count;
    }

    /// Lets go of the saved tensors.
    void free() {
        if (savedInputs.length > 0 || savedOutputs.length > 0) {
            savedInputs = new SavedTensor[0];
            savedOutputs = new SavedTensor[0];
            freed = true;
        }
    }

    /// The op's name, and the module path if it is known.
    String describe() {
        return path.isEmpty() ? op.name() : op.name() + " in " + path;
    }

    @Nullable
    Hooks hooks(int output) {
        @Nullable Hooks[] all = hooks;
        return all == null ? null : all[output];
    }

    synchronized Hooks hooksForAdding(int output) {
        @Nullable Hooks[] all = hooks;
        if (all == null) {
            all = new Hooks[outputTypes.length];
            hooks = all;
        }
        Hooks own = all[output];
        if (own == null) {
            own = new Hooks();
            all[output] = own;
        }
        return own;
    }
}
