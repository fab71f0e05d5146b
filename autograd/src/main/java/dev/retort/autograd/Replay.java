package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Gradients of a function of tensors by running it again with recording on: a fused op's composite, or
/// the block of a checkpoint.
///
/// The function gets stand-ins for its inputs, each with a source of its own, so that the gradients are
/// partial derivatives, also where one input depends on another or is passed twice.
final class Replay {
    private Replay() {}

    /// `Σ_j ⟨gradOutputs[j], ∂f(inputs)[j]/∂inputs[i]⟩` for each i with `needs[i]`; null where none
    /// flows.
    static @Nullable Tensor[] gradients(
            Tensor[] inputs,
            boolean[] needs,
            @Nullable Tensor[] gradOutputs,
            boolean createGraph,
            UnaryOperator<Tensor[]> f) {
        Tensor[] standIns = standIns(inputs, needs, createGraph);
        Tensor[] outputs = run(f, standIns, createGraph);
        List<Source> targets = new ArrayList<>();
        for (int i = 0; i < inputs.length; i++) {
            Source source = needs[i] ? Source.of(standIns[i]) : null;
            if (source != null) {
                targets.add(source);
            }
        }
        @Nullable Tensor[] found = differentiate(outputs, gradOutputs, targets.toArray(Source[]::new), createGraph);
        @Nullable Tensor[] gradients = new Tensor[inputs.length];
        int next = 0;
        for (int i = 0; i < inputs.length; i++) {
            gradients[i] = needs[i] && Source.of(standIns[i]) != null ? found[next++] : null;
        }
        return gradients;
    }

    /// Runs `f` with recording on. Without a graph nothing links outwards, so no checkpoint need watch.
    static Tensor[] run(UnaryOperator<Tensor[]> f, Tensor[] inputs, boolean linked) {
        Recording recording = Recording.current();
        @Nullable Capture before = recording.capture;
        recording.capture = linked ? before : null;
        try (GradScope _ = Autograd.enableGrad()) {
            return f.apply(inputs);
        } finally {
            recording.capture = before;
        }
    }

    /// Stand-ins with own sources: with a graph as recorded views of the inputs, else as fresh leaves.
    static Tensor[] standIns(Tensor[] inputs, boolean[] needs, boolean linked) {
        Tensor[] standIns = new Tensor[inputs.length];
        try (GradScope _ = Autograd.enableGrad()) {
            for (int i = 0; i < inputs.length; i++) {
                if (!needs[i]) {
                    standIns[i] = linked ? inputs[i] : inputs[i].detach();
                } else if (linked && inputs[i].requiresGrad()) {
                    standIns[i] = Engine.one(new ShapeOp.Permute(identity(inputs[i].rank())), inputs[i]);
                } else {
                    standIns[i] = inputs[i].detach().requiresGrad(true);
                }
            }
        }
        return standIns;
    }

    private static int[] identity(int rank) {
        int[] dims = new int[rank];
        for (int i = 0; i < rank; i++) {
            dims[i] = i;
        }
        return dims;
    }

    /// Gradients of those outputs that have one and depend on a leaf; the walk stops at the targets.
    static @Nullable Tensor[] differentiate(
            Tensor[] outputs, @Nullable Tensor[] gradOutputs, Source[] targets, boolean createGraph) {
        List<Tensor> roots = new ArrayList<>();
        List<Tensor> gradients = new ArrayList<>();
        for (int j = 0; j < outputs.length; j++) {
            Tensor gradient = gradOutputs[j];
            if (gradient != null && Source.of(outputs[j]) != null) {
                if (!gradient.type().equals(outputs[j].type())) {
                    throw new OpException("replay: expects the results of the first run again, result " + j + " was "
                            + gradient.type() + " and is now " + outputs[j].type());
                }
                roots.add(outputs[j]);
                gradients.add(gradient);
            }
        }
        if (roots.isEmpty() || targets.length == 0) {
            return new Tensor[targets.length];
        }
        GradOptions options = new GradOptions(gradients, createGraph, createGraph, true, false);
        BackwardPass pass = BackwardPass.to(targets, options, true);
        pass.start("replay", roots, options);
        return pass.collect();
    }
}
