package dev.retort.tensor;

import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.Op;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import dev.retort.tensor.spi.Backend;
import dev.retort.tensor.spi.Recorder;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/// Runs ops: infers the result types, computes on the inputs' device, and tells the recorder.
public final class Engine {
    private static final @Nullable Recorder RECORDER = ServiceLoader.load(Recorder.class, Engine.class.getClassLoader())
            .findFirst()
            .orElse(null);
    private static final ThreadLocal<@Nullable Boolean> INSIDE = new ThreadLocal<>();
    private static volatile @Nullable ExecutionListener listener;

    private Engine() {}

    /// Sees every executed op, but not those that a kernel is made of; for profiles, FLOP counts and the
    /// search for the first NaN.
    @FunctionalInterface
    public interface ExecutionListener {
        /// Called after `op` ran for `nanos` nanoseconds.
        void executed(Op op, Tensor[] inputs, Tensor[] outputs, long nanos);
    }

    /// Sets the listener of all threads; null removes it.
    public static void listener(@Nullable ExecutionListener newListener) {
        listener = newListener;
    }

    /// The listener of all threads, or null; who replaces it for a while passes calls on and puts it
    /// back.
    public static @Nullable ExecutionListener listener() {
        return listener;
    }

    /// The results of `op`.
    ///
    /// @throws OpException if the inputs do not fit or are on different devices
    public static Tensor[] run(Op op, Tensor... inputs) {
        DType half = Autocast.dtype();
        return half == null ? execute(op, inputs) : Autocast.run(op, half, inputs, cast -> execute(op, cast));
    }

    private static Tensor[] execute(Op op, Tensor[] inputs) {
        Device device = commonDevice(op, inputs);
        TensorType[] types = new TensorType[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            types[i] = inputs[i].type();
        }
        TensorType[] results = op.infer(types);
        Recorder recorder = RECORDER;
        boolean record = recorder != null && !(op instanceof NonDifferentiable) && recorder.isRecording(op, inputs);
        ExecutionListener watcher = listener;
        Tensor[] outputs = watcher == null || INSIDE.get() != null
                ? compute(op, inputs, results, device)
                : announced(watcher, op, inputs, results, device);
        if (record && recorder != null) {
            recorder.record(op, inputs, outputs);
        }
        return outputs;
    }

    /// The only result of `op`.
    public static Tensor one(Op op, Tensor... inputs) {
        return run(op, inputs)[0];
    }

    /// Computes an op and tells the listener. Ops that a kernel is made of are its own business: a listener
    /// that saw them too would take their results for those of the network.
    private static Tensor[] announced(
            ExecutionListener watcher, Op op, Tensor[] inputs, TensorType[] results, Device device) {
        long start = System.nanoTime();
        INSIDE.set(true);
        Tensor[] outputs;
        try {
            outputs = compute(op, inputs, results, device);
        } finally {
            INSIDE.remove();
        }
        watcher.executed(op, inputs, outputs, System.nanoTime() - start);
        return outputs;
    }

    private static Tensor[] compute(Op op, Tensor[] inputs, TensorType[] results, Device device) {
        try {
            return dispatch(op, inputs, results, device);
        } catch (OutOfMemoryError e) {
            throw MemoryShortage.of(op, inputs, results, e);
        }
    }

    private static Tensor[] dispatch(Op op, Tensor[] inputs, TensorType[] results, Device device) {
        switch (op) {
            case ShapeOp.View view -> {
                return new Tensor[] {Views.of(view, inputs[0])};
            }
            case CastOp.ToDevice to -> {
                return new Tensor[] {Transfer.copy(inputs[0], to.device())};
            }
            case CustomOp custom -> {
                return checked(custom, custom.forward(detached(inputs)), results);
            }
            case UpdateOp update -> {
                Aliasing.checkWritable(update, inputs);
                Backends.of(device).execute(update, Aliasing.separated(update, inputs), results);
                for (int i = 0; i < inputs.length; i++) {
                    if (update.writes(i)) {
                        inputs[i].storage().markWritten(update.name());
                    }
                }
                return new Tensor[0];
            }
            default -> {
                Backend backend = Backends.of(device);
                return backend.execute(op, inputs, results);
            }
        }
    }

    private static Tensor[] detached(Tensor[] inputs) {
        Tensor[] constants = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            constants[i] = inputs[i].detach();
        }
        return constants;
    }

    private static Tensor[] checked(CustomOp op, Tensor[] outputs, TensorType[] expected) {
        if (outputs.length != expected.length) {
            throw new OpException(
                    op.name() + ": infer promised " + expected.length + " results, forward gave " + outputs.length);
        }
        Tensor[] fresh = new Tensor[outputs.length];
        for (int i = 0; i < outputs.length; i++) {
            if (!outputs[i].type().equals(expected[i])) {
                throw new OpException(op.name() + ": infer promised result " + i + " as " + expected[i]
                        + ", forward gave " + outputs[i].type());
            }
            fresh[i] = outputs[i].detach(); // a result must not share its history slot with an input
        }
        return fresh;
    }

    private static Device commonDevice(Op op, Tensor[] inputs) {
        if (inputs.length == 0) {
            return Device.CPU;
        }
        Device device = inputs[0].device();
        for (Tensor input : inputs) {
            if (!input.device().equals(device)) {
                throw new OpException(
                        op.name() + ": expects inputs on one device, got " + device + " and " + input.device());
            }
        }
        return device;
    }

    /// The recorder of gradients.
    ///
    /// @throws IllegalStateException if the autograd artifact is missing
    static Recorder recorder() {
        Recorder recorder = RECORDER;
        if (recorder == null) {
            throw new IllegalStateException("gradients need the autograd module: add dev.retort:retort-autograd to the"
                    + " class path (or the module dev.retort.autograd to the module path)");
        }
        return recorder;
    }

    /// The recorder, or null where the autograd artifact is missing.
    static @Nullable Recorder recorderOrNull() {
        return RECORDER;
    }
}
