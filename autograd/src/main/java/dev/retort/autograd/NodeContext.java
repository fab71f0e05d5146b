package dev.retort.autograd;

import dev.retort.autograd.vjp.VjpContext;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.Fused;
import org.jspecify.annotations.Nullable;

/// What a gradient rule sees of a node.
final class NodeContext implements VjpContext {
    private final Node node;
    private final @Nullable Tensor[] gradOutputs;
    private final boolean[] needs;
    private final boolean createGraph;

    NodeContext(Node node, @Nullable Tensor[] gradOutputs, boolean[] needs, boolean createGraph) {
        this.node = node;
        this.gradOutputs = gradOutputs;
        this.needs = needs;
        this.createGraph = createGraph;
    }

    @Override
    public int inputs() {
        return node.inputTypes.length;
    }

    @Override
    public int outputs() {
        return node.outputTypes.length;
    }

    @Override
    public boolean needs(int i) {
        return needs[i];
    }

    @Override
    public boolean createGraph() {
        return createGraph;
    }

    @Override
    public boolean isWeightTransposed() {
        return node.transposed;
    }

    @Override
    public TensorType inputType(int i) {
        return node.inputTypes[i];
    }

    @Override
    public TensorType outputType(int j) {
        return node.outputTypes[j];
    }

    @Override
    public Device inputDevice() {
        return node.device;
    }

    @Override
    public Tensor input(int i) {
        return node.input(i);
    }

    @Override
    public Tensor output(int j) {
        return node.output(j, createGraph);
    }

    @Override
    public @Nullable Tensor gradOrNull(int j) {
        return gradOutputs[j];
    }

    @Override
    public @Nullable Tensor[] throughComposite(Fused op) {
        Tensor[] inputs = new Tensor[inputs()];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = input(i);
        }
        return Replay.gradients(inputs, needs, gradOutputs, createGraph, op::composite);
    }

    /// Checks what a rule returned.
    ///
    /// @throws OpException if a gradient is missing or has not the input's type
    void check(@Nullable Tensor[] gradients) {
        if (gradients.length < needs.length) {
            throw new OpException("backward of " + node.describe() + ": expects one gradient per input (" + needs.length
                    + "), the rule gave " + gradients.length);
        }
        for (int i = 0; i < needs.length; i++) {
            Tensor gradient = gradients[i];
            if (needs[i] && gradient != null && !gradient.type().equals(node.inputTypes[i])) {
                throw new OpException("backward of " + node.describe() + ": expects a gradient of input " + i
                        + "'s type " + node.inputTypes[i] + ", the rule gave " + gradient.type());
            }
            if (needs[i] && gradient != null && AnomalyMode.isOn()) {
                AnomalyMode.checkGradient(node, i, gradient);
            }
        }
    }

    /// Whether the rule's ops made this gradient just now. Results of custom ops may be tensors that their author
    /// keeps.
    boolean isMade(Tensor gradient) {
        if (node.op instanceof CustomOp || node.keeps(gradient)) {
            return false;
        }
        for (Tensor g : gradOutputs) {
            if (g != null && g.storage() == gradient.storage()) {
                return false;
            }
        }
        return true;
    }
}
