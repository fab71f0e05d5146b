package dev.retort.nn.inference;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.nn.Module;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.RandomOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/// Runs a network once and writes down which op read which result.
///
/// A tensor that no op of the pass has made is a constant of the program: a weight, or something
/// that the network builds without looking at its input. What it builds from looking (a number read
/// out, a branch on it) would wrongly be a constant too; [TwoPasses] finds that out.
final class Capture {
    /// There is one listener in the process, which two captures at a time would take from one another.
    private static final ReentrantLock ONE_AT_A_TIME = new ReentrantLock();

    private final Map<Tensor, Integer> values = new IdentityHashMap<>();
    private final List<Tensor> made = new ArrayList<>();
    private final Program program;
    private String failure = "";

    private Capture(Tensor input) {
        program = new Program(input.type());
        know(input, program.input);
    }

    /// The program of `network` on `input`.
    ///
    /// @throws InferenceException if the pass changes state, draws random numbers or hides where a
    ///   tensor comes from
    static Program of(Layer network, Tensor input) {
        Capture capture = new Capture(input);
        Thread thread = Thread.currentThread();
        ONE_AT_A_TIME.lock();
        Engine.ExecutionListener before = Engine.listener();
        Engine.listener((op, inputs, outputs, nanos) -> {
            if (Thread.currentThread() == thread) {
                capture.add(op, inputs, outputs);
            }
            if (before != null) {
                before.executed(op, inputs, outputs, nanos);
            }
        });
        Tensor output;
        try (var _ = Autograd.noGrad()) {
            output = network.call(input);
        } finally {
            Engine.listener(before);
            ONE_AT_A_TIME.unlock();
        }
        capture.program.output = capture.valueOf(output);
        if (!capture.failure.isEmpty()) {
            throw new InferenceException("inference_session: " + capture.failure);
        }
        return capture.program;
    }

    private void know(Tensor tensor, int value) {
        values.put(tensor, value);
        made.add(tensor);
    }

    private void add(Op op, Tensor[] inputs, Tensor[] outputs) {
        if (op instanceof RandomOp) {
            failure = "the network draws random numbers (" + op.name() + "); call eval() first";
        }
        if (op instanceof UpdateOp) {
            failure = "the network changes state (" + op.name() + "); call eval() first, and leave caches out";
        }
        int[] in = new int[inputs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = valueOf(inputs[i]);
        }
        int[] out = new int[outputs.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = program.value(outputs[i].type());
            know(outputs[i], out[i]);
        }
        Module module = Module.current();
        program.steps.add(new Step(op, in, out, module == null ? "" : module.path()));
    }

    private int valueOf(Tensor tensor) {
        Integer known = values.get(tensor);
        if (known != null) {
            return known;
        }
        for (Tensor other : made) {
            if (other.storage() == tensor.storage()) {
                if (sameWindow(other, tensor)) {
                    return values.getOrDefault(other, -1); // a detached twin
                }
                failure = "a view of a result was made without an op: " + tensor.type();
            }
        }
        int value = program.constant(tensor);
        values.put(tensor, value);
        return value;
    }

    private static boolean sameWindow(Tensor a, Tensor b) {
        return a.offset() == b.offset() && a.shape().equals(b.shape()) && Arrays.equals(a.strides(), b.strides());
    }
}
