package dev.retort.autograd;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Differentiation: gradients of outputs with respect to inputs, switches for recording, and gradient
/// hooks.
///
/// Recording is a state of the thread, on at first in every thread; a scope opened in one thread does not
/// reach another. Kernels run their chunks on other threads but call no tensor methods there, so a scope
/// covers the parallel work of the ops inside it. Two threads may run backward at the same time, also
/// into the same leaves (their order then decides the last bits of the sum).
public final class Autograd {
    private Autograd() {}

    /// Gradients of a one-element `output` with respect to `inputs`: `∂output/∂inputs[i]`.
    ///
    /// @throws OpException if an input does not require a gradient or the output does not depend on it
    public static Tensor[] grad(Tensor output, Tensor... inputs) {
        return grad(List.of(output), List.of(inputs), GradOptions.defaults());
    }

    /// `Σ_k ⟨gradOutputs[k], ∂outputs[k]/∂inputs[i]⟩` for each input; nothing is accumulated into leaves.
    ///
    /// Inputs may be leaves or results on the way. With `createGraph` the gradients can be
    /// differentiated again.
    ///
    /// @return one gradient per input, of its type; null for unused inputs if the options allow them
    /// @throws OpException if an input does not require a gradient, is unused and that is not allowed, a
    ///                     gradient does not fit its output, or a saved tensor was freed or overwritten
    public static @Nullable Tensor[] grad(List<Tensor> outputs, List<Tensor> inputs, GradOptions options) {
        Source[] targets = new Source[inputs.size()];
        for (int i = 0; i < targets.length; i++) {
            Source source = Source.of(inputs.get(i));
            if (source == null) {
                throw new OpException("grad: input " + i + " " + inputs.get(i).type() + " does not require a gradient");
            }
            targets[i] = source;
        }
        BackwardPass pass = BackwardPass.to(targets, options, false);
        pass.start("grad", outputs, options);
        @Nullable Tensor[] gradients = pass.collect();
        for (int i = 0; i < gradients.length; i++) {
            if (gradients[i] == null && !options.allowUnused()) {
                throw new OpException("grad: the outputs do not depend on input " + i + " "
                        + inputs.get(i).type() + "; use allowUnused to get null");
            }
        }
        return gradients;
    }

    /// Adds the gradients of all outputs to the leaves that they depend on.
    ///
    /// @throws OpException if no output requires a gradient, a gradient does not fit its output, or a
    ///                     saved tensor was freed or overwritten
    public static void backward(List<Tensor> outputs, GradOptions options) {
        BackwardPass pass = BackwardPass.toLeaves(options);
        pass.start("backward", outputs, options);
        pass.accumulate();
    }

    /// Adds the gradients of a one-element `output` to the leaves, with options.
    public static void backward(Tensor output, GradOptions options) {
        backward(List.of(output), options);
    }

    /// Turns recording off in this thread until the scope closes.
    public static GradScope noGrad() {
        return new GradScope(false);
    }

    /// Turns recording on in this thread, also inside [#noGrad()], until the scope closes.
    public static GradScope enableGrad() {
        return new GradScope(true);
    }

    /// Turns recording on or off in this thread until the scope closes.
    public static GradScope gradEnabled(boolean on) {
        return new GradScope(on);
    }

    /// Whether this thread records.
    public static boolean isGradEnabled() {
        return Recording.current().enabled;
    }

    /// Lets `hook` see (and replace) the gradient of `tensor` in every later backward, before it flows
    /// on or accumulates.
    ///
    /// @throws OpException if the tensor does not require a gradient
    public static HookHandle hook(Tensor tensor, GradientHook hook) {
        Source source = Source.of(tensor);
        if (source == null) {
            throw new OpException("hook: expects a tensor that requires a gradient, got " + tensor.type());
        }
        return source.hooksForAdding().add(hook);
    }
}
