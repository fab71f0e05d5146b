package dev.retort.bench.peers.duel;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Retort's side of a row.
final class Sides {
    /// Results land here, so that no call can be optimised away.
    private static volatile Object sink = "";

    private Sides() {}

    static Side of(Supplier<Tensor> work) {
        return new Side("Retort", () -> sink = work.get(), () -> work.get().toFloats());
    }

    /// As [#of] for results that nobody keeps and that share no memory: each is given back at once, as the peer's are.
    static Side giving(Supplier<Tensor> work) {
        return new Side(
                "Retort",
                () -> {
                    Tensor result = work.get();
                    sink = result;
                    result.storage().release();
                },
                () -> work.get().toFloats());
    }

    /// A side with gradients: `work` gives the output, whose gradient is `gradient` (null: a scalar's 1). As in a
    /// training step, backward gives back what was recorded; the gradients of `leaves` are given back after
    /// each run.
    static Side recorded(Supplier<Tensor> work, @Nullable Tensor gradient, List<Tensor> leaves) {
        Runnable pass = () -> {
            Tensor output = work.get();
            GradOptions options = GradOptions.defaults().withRelease();
            Autograd.backward(output, gradient == null ? options : options.withGradOutputs(gradient));
            output.storage().release();
        };
        return new Side(
                "Retort",
                () -> {
                    pass.run();
                    for (Tensor leaf : leaves) {
                        Tensor grad = leaf.grad();
                        if (grad != null) {
                            grad.storage().release();
                            leaf.grad(null);
                        }
                    }
                },
                () -> {
                    pass.run();
                    float[] all = joined(leaves.stream().map(Tensor::grad).toArray(Tensor[]::new));
                    leaves.forEach(leaf -> leaf.grad(null));
                    return all;
                });
    }

    /// All numbers of several tensors, one after the other.
    static float[] joined(Tensor... tensors) {
        int count = 0;
        for (Tensor tensor : tensors) {
            count += tensor.numel();
        }
        float[] all = new float[count];
        int at = 0;
        for (Tensor tensor : tensors) {
            float[] part = tensor.toFloats();
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
