package dev.retort.autograd;

import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The gradients of a function, as a function: (inputs, output weights) → Σ_k ⟨weights_k, ∂f_k/∂inputs⟩.
record GradientFunction(UnaryOperator<Tensor[]> function, int inputs) {
    Tensor[] apply(Tensor[] inputsAndWeights) {
        try (GradScope _ = Autograd.enableGrad()) {
            Tensor[] in = Arrays.copyOf(inputsAndWeights, inputs);
            List<Tensor> wanted = new ArrayList<>();
            for (int i = 0; i < inputs; i++) {
                if (in[i].dtype().isFloating()) {
                    in[i] = in[i].requiresGrad() ? in[i] : in[i].detach().requiresGrad(true);
                    wanted.add(in[i]);
                }
            }
            return gradients(function.apply(in), wanted, inputsAndWeights);
        }
    }

    private Tensor[] gradients(Tensor[] outputs, List<Tensor> wanted, Tensor[] inputsAndWeights) {
        List<Tensor> roots = new ArrayList<>();
        List<Tensor> weights = new ArrayList<>();
        int next = inputs;
        for (Tensor output : outputs) {
            if (output.dtype().isFloating()) {
                if (output.requiresGrad()) {
                    roots.add(output);
                    weights.add(inputsAndWeights[next]);
                }
                next++;
            }
        }
        GradOptions options = new GradOptions(weights, true, true, true, false);
        @Nullable Tensor[] found = Autograd.grad(roots, wanted, options);
        Tensor[] gradients = new Tensor[found.length];
        for (int i = 0; i < found.length; i++) {
            Tensor gradient = found[i];
            gradients[i] = gradient == null ? wanted.get(i).zerosLike() : gradient;
        }
        return gradients;
    }
}
