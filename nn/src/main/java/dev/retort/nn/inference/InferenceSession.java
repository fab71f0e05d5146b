package dev.retort.nn.inference;

import dev.retort.autograd.Autograd;
import dev.retort.nn.Layer;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A network prepared for answering inputs of one shape: its ops are written down once, what does
/// not depend on the input is computed beforehand, batch norms go into the convolutions before
/// them, dropout is gone, results have planned buffers, and nothing is recorded.
///
/// ```java
/// network.eval();
/// InferenceSession session = InferenceSession.of(network, Tensor.zeros(1, 3, 32, 32));
/// Tensor logits = session.call(image);
/// ```
///
/// Outputs equal those of the network up to rounding: folding changes the order of a few operations
/// (tested to 1e-5 of the largest output for all models). The session holds the network's weights
/// themselves where it did not fold them, so it refuses to run after they were changed.
///
/// Thread-safe: calls of one session run one after the other. For calls at the same time, [#fork]
/// gives each thread a session with buffers of its own and the same weights.
public final class InferenceSession {
    private final Program program;
    private final MemoryPlan plan;
    private final float[][] buffers;
    private final @Nullable Tensor[] values;
    private final int[][] dying;
    private final Map<Tensor, Integer> versions;

    private InferenceSession(Program program, MemoryPlan plan, Map<Tensor, Integer> versions) {
        this.program = program;
        this.plan = plan;
        this.versions = versions;
        buffers = plan.sizes.stream().map(size -> new float[size]).toArray(float[][]::new);
        values = new Tensor[program.types.size()];
        program.constants.forEach((value, tensor) -> values[value] = tensor);
        dying = dying(program);
    }

    /// Prepares `network`, which must be in evaluation mode, for inputs of the type and shape of
    /// `example`.
    ///
    /// The network runs twice, on the example and on a permutation of its elements, to see that its
    /// ops do not depend on the data; the session's output is compared with the network's own.
    ///
    /// @throws InferenceException if the network is in training mode, depends on the data, draws
    ///   random numbers or changes state
    public static InferenceSession of(Layer network, Tensor example) {
        if (network.isTraining()) {
            throw new InferenceException("inference_session: expects a network in evaluation mode; call eval() first");
        }
        Tensor other = TwoPasses.other(example);
        Map<Tensor, Integer> versions = new LinkedHashMap<>();
        network.parameters()
                .forEach(p -> versions.put(p.tensor(), p.tensor().storage().version()));
        network.namedBuffers()
                .values()
                .forEach(b -> versions.put(b.tensor(), b.tensor().storage().version()));
        Program program = Capture.of(network, example.detach());
        TwoPasses.check(program, Capture.of(network, other));
        Folding.apply(program);
        try (var _ = Autograd.noGrad()) {
            Packing.apply(program);
            LinearPacking.apply(program);
        }
        InferenceSession session = new InferenceSession(program, new MemoryPlan(program), versions);
        session.compare(network, other);
        return session;
    }

    /// The network's output for `x`, in memory of its own.
    ///
    /// @throws OpException        if `x` has another type or shape than the example
    /// @throws InferenceException if the weights were changed since the session was made
    public synchronized Tensor call(Tensor x) {
        TensorType expected = program.types.get(program.input);
        if (!x.type().equals(expected)) {
            throw new OpException("inference_session: expects " + expected + ", got " + x.type());
        }
        versions.forEach((tensor, version) -> {
            if (tensor.storage().version() != version) {
                throw new InferenceException("inference_session: the weights were changed by "
                        + tensor.storage().lastWriter() + "; make a new session");
            }
        });
        values[program.input] = x.detach();
        try (Workspace workspace = Workspace.open();
                var _ = Autograd.noGrad()) {
            for (int i = 0; i < plan.buffers.length; i++) {
                run(i, workspace);
            }
            workspace.next();
            Tensor output = value(program.output);
            boolean whole =
                    output.isContiguous() && output.numel() == output.storage().size();
            return plan.freshOutput && whole ? output : copy(output);
        } finally {
            values[program.input] = null;
            if (!program.isConstant(program.output)) {
                values[program.output] = null;
            }
        }
    }

    private void run(int i, Workspace workspace) {
        Step step = program.steps.get(i);
        int[] in = step.inputs();
        Tensor[] operands = new Tensor[in.length];
        for (int k = 0; k < in.length; k++) {
            operands[k] = value(in[k]);
        }
        int[] planned = plan.buffers[i];
        float[][] next = new float[planned.length][];
        for (int k = 0; k < planned.length; k++) {
            next[k] = buffers[planned[k]];
        }
        workspace.next(next);
        Tensor[] results = Engine.run(step.op(), operands);
        for (int k = 0; k < results.length; k++) {
            values[step.outputs()[k]] = results[k];
        }
        for (int dead : dying[i]) {
            values[dead] = null; // what was allocated after all can be collected
        }
    }

    private Tensor value(int number) {
        Tensor tensor = values[number];
        if (tensor == null) {
            throw new IllegalStateException("inference_session: value " + number + " is read before it is made");
        }
        return tensor;
    }

    /// A copy in row-major order that no later call writes to.
    private static Tensor copy(Tensor tensor) {
        Tensor out = Tensor.zeros(tensor.dtype(), tensor.shape().dims()).to(tensor.device());
        out.copyFrom(tensor);
        return out;
    }

    /// Values that no step after each one reads.
    private static int[][] dying(Program program) {
        int[] last = new int[program.types.size()];
        Arrays.fill(last, -1);
        for (int i = 0; i < program.steps.size(); i++) {
            for (int in : program.steps.get(i).inputs()) {
                last[in] = i;
            }
        }
        List<List<Integer>> dead = new ArrayList<>();
        program.steps.forEach(step -> dead.add(new ArrayList<>()));
        for (int value = 0; value < last.length; value++) {
            if (last[value] >= 0 && value != program.output && !program.isConstant(value)) {
                dead.get(last[value]).add(value);
            }
        }
        return dead.stream()
                .map(list -> list.stream().mapToInt(Integer::intValue).toArray())
                .toArray(int[][]::new);
    }

    private void compare(Layer network, Tensor x) {
        Tensor expected;
        try (var _ = Autograd.noGrad()) {
            expected = network.call(x);
        }
        double[] theirs = expected.toDoubles();
        double[] ours = call(x).toDoubles();
        double largest = Arrays.stream(theirs)
                .map(Math::abs)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
        for (int i = 0; i < theirs.length; i++) {
            boolean equal = Math.abs(ours[i] - theirs[i]) <= 1e-3 * largest || Double.compare(ours[i], theirs[i]) == 0;
            if (!equal) {
                throw new InferenceException("inference_session: element " + i + " of the output is " + ours[i]
                        + ", the network's own is " + theirs[i]);
            }
        }
    }

    /// A session with the same weights and buffers of its own, for another thread.
    public InferenceSession fork() {
        return new InferenceSession(program, plan, versions);
    }

    /// The input's shape.
    public Shape inputShape() {
        return program.types.get(program.input).shape();
    }

    /// Names of the ops that a call runs, in order.
    public List<String> ops() {
        return program.steps.stream().map(step -> step.op().name()).toList();
    }

    /// Bytes of the planned buffers.
    public long bufferBytes() {
        return plan.bytes();
    }
}
