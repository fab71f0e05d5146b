package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// What [RNNCell], [LSTMCell] and [GRUCell] share: one step in time with weights of its own.
///
/// **Parameters**: `weight_ih` `[G·D, I]`, `weight_hh` `[G·D, D]`, and `bias_ih`, `bias_hh` `[G·D]` (G
/// gates), uniform on ±1/√D at first.
public abstract sealed class RecurrentCell extends Module permits RNNCell, LSTMCell, GRUCell {
    private final int in;
    private final int width;
    private final Parameter weightIh;
    private final Parameter weightHh;
    private final @Nullable Parameter biasIh;
    private final @Nullable Parameter biasHh;

    RecurrentCell(int in, int width, boolean hasBias, int gates, Rng rng) {
        if (in < 1 || width < 1) {
            throw new OpException("recurrent cell: expects positive extents, got " + in + " and " + width);
        }
        this.in = in;
        this.width = width;
        int rows = gates * width;
        double bound = 1 / Math.sqrt(width);
        weightIh = parameter("weight_ih", Init.uniform(Shape.of(rows, in), -bound, bound, rng));
        weightHh = parameter("weight_hh", Init.uniform(Shape.of(rows, width), -bound, bound, rng));
        biasIh = hasBias ? parameter("bias_ih", Init.uniform(Shape.of(rows), -bound, bound, rng)) : null;
        biasHh = hasBias ? parameter("bias_hh", Init.uniform(Shape.of(rows), -bound, bound, rng)) : null;
    }

    /// A state of zeros for an input `[B, I]`.
    final Tensor zeros(Tensor x) {
        return Tensor.zeros(x.dtype(), x.size(0), width).to(x.device());
    }

    final void check(Tensor x, Tensor... states) {
        if (x.rank() != 2 || x.size(1) != in) {
            throw new OpException("recurrent cell: expects input [B, " + in + "], got " + x.type());
        }
        for (Tensor state : states) {
            if (!state.shape().equals(Shape.of(x.size(0), width))) {
                throw new OpException(
                        "recurrent cell: expects a state [" + x.size(0) + ", " + width + "], got " + state.type());
            }
        }
    }

    final Tensor fromInput(Tensor x) {
        return x.linear(weightIh.value(), biasIh == null ? null : biasIh.value());
    }

    final Tensor fromState(Tensor h) {
        return h.linear(weightHh.value(), biasHh == null ? null : biasHh.value());
    }

    final Tensor gate(Tensor all, int number) {
        return all.narrow(1, number * width, width);
    }

    @Override
    protected String extra() {
        return in + ", " + width + (biasIh == null ? ", no bias" : "");
    }
}
