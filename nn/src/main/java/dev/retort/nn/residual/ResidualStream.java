package dev.retort.nn.residual;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The residual stream of one forward pass: its current value, the earlier ones that some connection
/// reads, and what value residuals remember.
///
/// Most connections see one tensor. Hyper-connections keep it in n lanes, a tensor `[n, N, ...]` that
/// starts as n copies; its [#value] is their mean. (The paper sums them, which differs by the constant n
/// that its final norm removes; the mean starts as the plain network also where no norm follows.)
/// Made by [ResidualStack#open]; not for use by several threads.
public final class ResidualStream {
    private final int lanes;
    private final int reach;
    private final List<Tensor> history = new ArrayList<>();
    private Tensor current;
    private @Nullable Tensor firstValues;

    ResidualStream(Tensor x, int lanes, int reach) {
        this.lanes = lanes;
        this.reach = reach;
        current = lanes == 1 ? x : copies(x, lanes);
        remember(x);
    }

    private static Tensor copies(Tensor x, int lanes) {
        Tensor[] all = new Tensor[lanes];
        Arrays.fill(all, x);
        return Tensor.stack(0, all);
    }

    /// The current value: what the next branch would see in a plain network.
    public Tensor value() {
        return lanes == 1 ? current : current.mean(0);
    }

    /// Puts a layer that has no connection around it into the stream, such as a pooling between stages;
    /// the history starts anew there (tell the [ResidualStack] with [ResidualStack#restart]).
    public void map(UnaryOperator<Tensor> layer) {
        current = each(layer);
        history.clear();
        remember(current);
    }

    /// The lanes `[n, N, ...]`.
    Tensor lanes() {
        return lanes == 1 ? current.unsqueeze(0) : current;
    }

    /// Values with the current shape, oldest first, the current one last.
    List<Tensor> history() {
        return history.isEmpty() ? List.of(current) : List.copyOf(history);
    }

    /// Replaces the value by its projection, if the branch has a shortcut; the history starts anew there.
    void project(Branch branch) {
        UnaryOperator<Tensor> shortcut = branch.shortcut();
        if (shortcut != null) {
            map(shortcut);
        }
    }

    /// Goes on with a next value.
    void advance(Tensor next) {
        current = next;
        remember(next);
    }

    /// Goes on with a mixture of the history that is itself not remembered.
    void mixed(Tensor next) {
        current = next;
    }

    private void remember(Tensor value) {
        if (reach > 1 && lanes == 1) {
            history.add(value);
            if (history.size() > reach) {
                history.removeFirst();
            }
        }
    }

    /// The lanes after an operation on tensors `[N, ...]`, which sees them as one batch `[n·N, ...]`.
    Tensor each(UnaryOperator<Tensor> operation) {
        if (lanes == 1) {
            return operation.apply(current);
        }
        Tensor result = operation.apply(current.flatten(0, 1));
        int[] dims = new int[result.rank() + 1];
        dims[0] = lanes;
        dims[1] = result.size(0) / lanes;
        for (int d = 1; d < result.rank(); d++) {
            dims[d + 1] = result.size(d);
        }
        return result.reshape(Shape.of(dims));
    }

    /// The values of the first attention layer, or null before it ran; see [ValueResidual].
    @Nullable
    Tensor firstValues() {
        return firstValues;
    }

    void firstValues(Tensor values) {
        firstValues = values;
    }
}
