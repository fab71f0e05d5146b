package dev.retort.autograd;

import dev.retort.autograd.vjp.Rule;
import dev.retort.autograd.vjp.VjpRules;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.spi.Recorder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The recorder that the tensor module finds: links each result to the op that made it.
public final class TapeRecorder implements Recorder {
    /// For [java.util.ServiceLoader].
    public TapeRecorder() {}

    @Override
    public boolean isRecording(Op op, Tensor[] inputs) {
        for (Tensor input : inputs) {
            if (input.history() != null && Source.of(input) != null) {
                return Recording.current().enabled;
            }
        }
        return false;
    }

    @Override
    public void record(Op op, Tensor[] inputs, Tensor[] outputs) {
        link(op, VjpRules.of(op), inputs, outputs);
    }

    /// Makes `outputs` results of `op` with gradient rule `rule`. Integer results never need a gradient;
    /// if the rule sends no gradient to any input that needs one, the results are constants.
    static void link(Op op, Rule rule, Tensor[] inputs, Tensor[] outputs) {
        @Nullable Source[] edges = new Source[inputs.length];
        boolean any = false;
        for (int i = 0; i < inputs.length; i++) {
            edges[i] = rule.reaches(i) ? Source.of(inputs[i]) : null;
            any |= edges[i] != null;
        }
        if (!any || !anyFloating(outputs)) {
            return;
        }
        Capture capture = Recording.current().capture;
        if (capture != null) {
            capture.note(inputs, edges);
        }
        Node node = new Node(op, rule, inputs, edges, outputs);
        for (int j = 0; j < outputs.length; j++) {
            if (outputs[j].dtype().isFloating()) {
                outputs[j].history(new Output(node, j));
            }
        }
    }

    private static boolean anyFloating(Tensor[] tensors) {
        for (Tensor tensor : tensors) {
            if (tensor.dtype().isFloating()) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void setRequiresGrad(Tensor tensor, boolean on) {
        if (tensor.history() instanceof Output output) {
            if (on) {
                return; // a recorded result requires a gradient already
            }
            throw new OpException("requires_grad: cannot be turned off for a result of "
                    + output.node().describe() + "; use detach");
        }
        if (on && !tensor.dtype().isFloating()) {
            throw new OpException("requires_grad: expects a floating dtype, got " + tensor.type());
        }
        if (on || tensor.history() != null) {
            leaf(tensor).requiresGrad(on);
        }
    }

    private static Leaf leaf(Tensor tensor) {
        if (tensor.history() instanceof Leaf leaf) {
            return leaf;
        }
        Leaf leaf = new Leaf();
        tensor.history(leaf);
        return leaf;
    }

    @Override
    public boolean requiresGrad(Tensor tensor) {
        return Source.of(tensor) != null;
    }

    @Override
    public boolean isLeaf(Tensor tensor) {
        return !(tensor.history() instanceof Output);
    }

    @Override
    public @Nullable Tensor grad(Tensor tensor) {
        return tensor.history() instanceof Leaf leaf ? leaf.grad() : null;
    }

    @Override
    public @Nullable Tensor borrowGrad(Tensor tensor) {
        return tensor.history() instanceof Leaf leaf ? leaf.borrowGrad() : null;
    }

    @Override
    public void setGrad(Tensor tensor, @Nullable Tensor grad) {
        if (tensor.history() instanceof Output output) {
            throw new OpException(
                    "grad: expects a leaf, got a result of " + output.node().describe());
        }
        if (grad != null || tensor.history() != null) {
            leaf(tensor).grad(tensor, grad);
        }
    }

    @Override
    public void backward(Tensor root, @Nullable Tensor gradient) {
        GradOptions options = GradOptions.defaults();
        Autograd.backward(List.of(root), gradient == null ? options : options.withGradOutputs(gradient));
    }
}
