package dev.retort.autograd;

import dev.retort.autograd.vjp.VjpContext;
import dev.retort.tensor.Autocast;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CustomOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A whole block as one op: inputs are the block's arguments, then the tensors that it captures.
///
/// @param positions where the generators stood before the first run
/// @param arguments number of arguments
/// @param half      the half type of products in the first run, or null
record CheckpointOp(
        UnaryOperator<Tensor[]> block,
        List<Rng> rngs,
        long[] positions,
        int arguments,
        @Nullable DType half) implements CustomOp {
    static long[] positions(List<Rng> rngs) {
        return rngs.stream().mapToLong(Rng::position).toArray();
    }

    @Override
    public String name() {
        return "checkpoint";
    }

    @Override
    public TensorType[] infer(TensorType[] inputs) {
        throw new UnsupportedOperationException("checkpoint: the result types are known only after the block ran");
    }

    @Override
    public Tensor[] forward(Tensor[] inputs) {
        return replay(Arrays.copyOf(inputs, arguments));
    }

    @Override
    public Tensor[] vjp(Tensor[] inputs, Tensor[] outputs, Tensor[] gradOutputs) {
        throw new UnsupportedOperationException("checkpoint: gradients need the recorded node");
    }

    /// Runs the block with the generators where they stood, and puts them back afterwards.
    private Tensor[] replay(Tensor[] inputs) {
        long[] now = positions(rngs);
        move(positions);
        try (Autocast _ = Autocast.as(half)) {
            return block.apply(inputs);
        } finally {
            move(now);
        }
    }

    private void move(long[] to) {
        for (int i = 0; i < to.length; i++) {
            rngs.get(i).position(to[i]);
        }
    }

    /// Gradients of arguments and captured tensors by running the block again.
    @Nullable
    Tensor[] gradients(VjpContext c) {
        Tensor[] inputs = new Tensor[c.inputs()];
        boolean[] needs = new boolean[arguments];
        for (int i = 0; i < inputs.length; i++) {
            inputs[i] = c.input(i); // checks that no captured tensor was overwritten, either
            if (i < arguments) {
                needs[i] = c.needs(i);
            }
        }
        Tensor[] standIns = Replay.standIns(Arrays.copyOf(inputs, arguments), needs, c.createGraph());
        Tensor[] outputs = Replay.run(this::replay, standIns, c.createGraph());
        List<Source> targets = new ArrayList<>();
        int[] places = new int[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            Source source = c.needs(i) ? Source.of(i < arguments ? standIns[i] : inputs[i]) : null;
            places[i] = source == null ? -1 : targets.size();
            if (source != null) {
                targets.add(source);
            }
        }
        @Nullable Tensor[] gradOutputs = new Tensor[outputs.length];
        for (int j = 0; j < outputs.length; j++) {
            gradOutputs[j] = c.gradOrNull(j);
        }
        @Nullable
        Tensor[] found = Replay.differentiate(outputs, gradOutputs, targets.toArray(Source[]::new), c.createGraph());
        @Nullable Tensor[] gradients = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            gradients[i] = places[i] < 0 ? null : found[places[i]];
        }
        return gradients;
    }
}
