package dev.retort.autograd;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// While it is open, the first op that produces a NaN or an infinity, forward or backward, throws an
/// [AnomalyException] that names the op and the path of its module ([ModulePath]).
///
/// A NaN is always reported; an infinity only if all inputs are finite and the op was not asked to write
/// it (masks filled with −∞ are common). All threads are watched. Every result is read once more: for the
/// search for errors, not for training.
///
/// ```java
/// try (var _ = AnomalyMode.open()) {
///     loss(model, batch).backward();
/// }
/// ```
public final class AnomalyMode implements AutoCloseable {
    private static final ThreadLocal<boolean[]> CHECKING = ThreadLocal.withInitial(() -> new boolean[1]);
    private static volatile int open;
    private static Engine.@Nullable ExecutionListener before;
    private boolean closed;

    private AnomalyMode() {}

    /// Starts watching, until the scope is closed.
    public static AnomalyMode open() {
        synchronized (AnomalyMode.class) {
            if (open++ == 0) {
                Engine.ExecutionListener other = Engine.listener();
                before = other;
                Engine.listener((op, inputs, outputs, nanos) -> {
                    if (other != null) {
                        other.executed(op, inputs, outputs, nanos);
                    }
                    guarded(() -> check(op, inputs, outputs));
                });
            }
        }
        return new AnomalyMode();
    }

    /// Stops watching when the last open scope is closed.
    @Override
    public void close() {
        synchronized (AnomalyMode.class) {
            if (!closed && --open == 0) {
                Engine.listener(before);
                before = null;
            }
            closed = true;
        }
    }

    /// Whether a scope is open.
    public static boolean isOn() {
        return open > 0;
    }

    /// The checks run ops themselves, which are not checked.
    private static void guarded(Runnable check) {
        boolean[] checking = CHECKING.get();
        if (checking[0]) {
            return;
        }
        checking[0] = true;
        try (GradScope _ = Autograd.noGrad()) {
            check.run();
        } finally {
            checking[0] = false;
        }
    }

    private static void check(Op op, Tensor[] inputs, Tensor[] outputs) {
        if (op instanceof UpdateOp update) {
            for (int i = 0; i < inputs.length; i++) {
                if (update.writes(i)) {
                    check(op, "input " + i, inputs[i], inputs, isInfiniteFill(op));
                }
            }
        }
        for (int j = 0; j < outputs.length; j++) {
            check(op, "result " + j, outputs[j], inputs, isInfiniteFill(op) || !allFinite(inputs));
        }
    }

    private static void check(Op op, String what, Tensor tensor, Tensor[] inputs, boolean infinityAllowed) {
        String found = anomaly(tensor, infinityAllowed);
        if (found == null) {
            return;
        }
        Node node = Recording.current().backward;
        String path = node == null ? ModulePath.current() : node.path;
        String name = node == null ? op.name() : node.op.name();
        String where = node == null ? op.name() : "backward of " + name + " (in its op " + op.name() + ")";
        throw new AnomalyException(
                "anomaly: " + where + (path.isEmpty() ? "" : " in " + path) + " produced " + found + " in " + what + " "
                        + tensor.type() + "; inputs: " + describe(inputs),
                name,
                path);
    }

    /// Checks a gradient that a rule computed; for custom ops whose rule does not use tensor
    /// methods.
    static void checkGradient(Node node, int input, Tensor gradient) {
        guarded(() -> {
            String found = anomaly(gradient, false);
            if (found != null) {
                throw new AnomalyException(
                        "anomaly: backward of " + node.describe() + " produced " + found + " in the gradient of input "
                                + input + " " + gradient.type(),
                        node.op.name(),
                        node.path);
            }
        });
    }

    private static @Nullable String anomaly(Tensor tensor, boolean infinityAllowed) {
        if (!tensor.dtype().isFloating() || isFinite(tensor)) {
            return null;
        }
        if (tensor.borrow().isNan().any().item() != 0) {
            return "NaN";
        }
        return infinityAllowed ? null : "an infinity";
    }

    private static boolean isFinite(Tensor tensor) {
        return tensor.numel() == 0 || tensor.borrow().isFinite().all().item() != 0;
    }

    private static boolean allFinite(Tensor[] tensors) {
        for (Tensor tensor : tensors) {
            if (tensor.dtype().isFloating() && !isFinite(tensor)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isInfiniteFill(Op op) {
        return op instanceof ElementwiseOp.MaskedFill(double filled) && Double.isInfinite(filled)
                || op instanceof ShapeOp.Full full && Double.isInfinite(full.value())
                || op instanceof UpdateOp.Fill(double value) && Double.isInfinite(value);
    }

    private static String describe(Tensor[] inputs) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < inputs.length; i++) {
            String state = !inputs[i].dtype().isFloating() || isFinite(inputs[i])
                    ? "finite"
                    : inputs[i].borrow().isNan().any().item() != 0 ? "has NaN" : "has infinities";
            text.append(i == 0 ? "" : ", ").append(inputs[i].type()).append(' ').append(state);
        }
        return text.isEmpty() ? "none" : text.toString();
    }
}
