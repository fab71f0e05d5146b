package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.nn.residual.Residual;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// The stream of one forward pass that the connections of all blocks write to, with its earlier values if a
/// connection reads them.
final class ResidualStream {
    private final boolean keepsHistory;
    private final List<Tensor> history = new ArrayList<>();

    private ResidualStream(boolean keepsHistory) {
        this.keepsHistory = keepsHistory;
    }

    /// The stream of a model that starts at `first`.
    static ResidualStream of(boolean keepsHistory, Tensor first) {
        ResidualStream stream = new ResidualStream(keepsHistory);
        stream.keep(first);
        return stream;
    }

    /// Whether a connection anywhere in the tree reads earlier values.
    static boolean isRead(Module root) {
        return root.modules().values().stream()
                .anyMatch(module -> module instanceof Residual connection && connection.readsHistory());
    }

    /// The value after `connection` joins a block's `output` to the value at the block's input.
    Tensor join(Residual connection, Tensor output, Tensor value) {
        Tensor next = connection.call(output, value, history);
        keep(next);
        return next;
    }

    private void keep(Tensor value) {
        if (keepsHistory) {
            history.add(value);
        }
    }
}
