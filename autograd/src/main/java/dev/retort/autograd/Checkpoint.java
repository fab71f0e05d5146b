package dev.retort.autograd;

import dev.retort.autograd.vjp.Rule;
import dev.retort.autograd.vjp.Saved;
import dev.retort.tensor.Autocast;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/// Trades time for memory: the tensors saved inside a block are dropped after forward, and the block runs
/// again in backward (Chen et al., "Training deep nets with sublinear memory cost", 2016, arXiv
/// 1604.06174).
///
/// Values and gradients are those without the checkpoint, bit for bit, if the block is a function of its
/// arguments, of the tensors it captures (parameters, earlier results; both get gradients) and of the
/// given generators, which are set back for the second run. It works with `backward`, with
/// [Autograd#grad], with `createGraph`, and nested. The block must not write (running statistics would be
/// updated twice).
public final class Checkpoint {
    private Checkpoint() {}

    /// `block(x)`, recomputed in backward.
    ///
    /// @param rngs the generators that the block draws from
    public static Tensor of(UnaryOperator<Tensor> block, Tensor x, Rng... rngs) {
        return run(in -> new Tensor[] {block.apply(in[0])}, List.of(rngs), x)[0];
    }

    /// `block(inputs)`, recomputed in backward.
    ///
    /// @param rngs the generators that the block draws from
    public static Tensor[] run(UnaryOperator<Tensor[]> block, List<Rng> rngs, Tensor... inputs) {
        Recording recording = Recording.current();
        if (!recording.enabled) {
            return block.apply(inputs);
        }
        CheckpointOp op = new CheckpointOp(
                block, List.copyOf(rngs), CheckpointOp.positions(rngs), inputs.length, Autocast.dtype());
        boolean[] needs = new boolean[inputs.length];
        for (int i = 0; i < needs.length; i++) {
            needs[i] = inputs[i].requiresGrad();
        }
        Tensor[] standIns = Replay.standIns(inputs, needs, false);
        Capture outer = recording.capture;
        Capture capture = new Capture(standIns);
        recording.capture = capture;
        Tensor[] outputs;
        try {
            outputs = block.apply(standIns);
        } finally {
            recording.capture = outer;
        }
        return link(op, inputs, capture.tensors(), outputs);
    }

    /// The outputs without what was recorded inside, as results of the whole block.
    private static Tensor[] link(CheckpointOp op, Tensor[] inputs, Tensor[] captured, Tensor[] outputs) {
        Tensor[] all = Arrays.copyOf(inputs, inputs.length + captured.length);
        System.arraycopy(captured, 0, all, inputs.length, captured.length);
        Tensor[] results = new Tensor[outputs.length];
        for (int j = 0; j < outputs.length; j++) {
            results[j] = outputs[j].detach();
        }
        TapeRecorder.link(op, Rule.joint(Saved.ALL_INPUTS, op::gradients), all, results);
        for (int j = 0; j < outputs.length; j++) {
            if (Source.of(outputs[j]) == null) {
                results[j].history(null); // a constant of the block
            }
        }
        return results;
    }
}
