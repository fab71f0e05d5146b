package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;

/// Launches `kernels/update.cl`: [UpdateOp]. Steps that waiting ones of [UpdateBatch] could meet are
/// enqueued behind them.
final class UpdateLauncher {
    private static final Tensor[] NOTHING = {};

    private UpdateLauncher() {}

    static Tensor[] run(Task t, UpdateOp op) {
        Tensor dst = t.in()[0];
        for (int i = 0; i < t.in().length; i++) {
            DeviceStorage storage = (DeviceStorage) t.in()[i].storage();
            storage.realize();
            if (op.writes(i)) {
                storage.settleReaders();
            }
            if (op.writes(i) && !joins(op, dst.dtype())) {
                t.device().settle(storage);
            }
        }
        switch (op) {
            case UpdateOp.CopyInto() -> CastLauncher.cast(t, t.in()[1], dst);
            case UpdateOp.Fill(double value) -> ShapeLauncher.fill(t, dst, value);
            case UpdateOp.Scale(double factor) -> scaled(t, "scale", factor);
            case UpdateOp.AddScaled(double alpha) -> scaled(t, "add_scaled", alpha);
            case UpdateOp.Lerp(double weight) -> lerp(t, weight);
            case UpdateOp.SgdStep step -> sgd(t, step);
            case UpdateOp.AdamStep step -> adam(t, step);
            case UpdateOp.RmsPropStep step -> rmsProp(t, step);
            case UpdateOp.AdagradStep step ->
                UpdateBatch.apply(t, "adagrad", t.in(), numbers(step.lr(), step.eps(), step.weightDecay()));
            case UpdateOp.LambStep step -> lamb(t, step);
            case UpdateOp.LionStep step -> lion(t, step);
        }
        return NOTHING;
    }

    /// Whether the op may become one launch with others.
    private static boolean joins(UpdateOp op, DType dtype) {
        return switch (op) {
            case UpdateOp.CopyInto _, UpdateOp.Fill _, UpdateOp.LambStep _ -> false;
            case UpdateOp.Scale(double factor) -> dtype.isFloating() || factor == Math.rint(factor);
            case UpdateOp.AddScaled(double alpha) -> dtype.isFloating() || alpha == Math.rint(alpha);
            case UpdateOp.SgdStep _, UpdateOp.AdamStep _, UpdateOp.RmsPropStep _, UpdateOp.AdagradStep _ -> true;
            case UpdateOp.LionStep _, UpdateOp.Lerp _ -> dtype.isFloating();
        };
    }

    private static double[] numbers(double... values) {
        return values;
    }

    /// A kernel over windows of one shape, with numbers of the arithmetic type behind the buffers.
    private record Step(Task task, Layout layout, Launch launch, DType dtype) {
        Step numbers(double... values) {
            for (double value : values) {
                launch.scalar(dtype, value);
            }
            return this;
        }

        void run() {
            task.each(launch, layout.count());
        }
    }

    /// Integers with a factor that is none take the way through floating point, truncated as on the CPU.
    private static void scaled(Task t, String kernel, double factor) {
        Tensor dst = t.in()[0];
        if (dst.dtype().isFloating() || factor == Math.rint(factor)) {
            UpdateBatch.apply(t, kernel, t.in(), numbers(factor));
            return;
        }
        DType wide = t.device().limits().doubles() ? DType.F64 : DType.F32;
        Tensor product = t.in()[t.in().length - 1].to(wide).mul(factor).to(dst.dtype());
        CastLauncher.cast(t, t.in().length == 1 ? product : dst.add(product), dst);
    }

    private static void lerp(Task t, double weight) {
        if (t.in()[0].dtype().isFloating()) {
            UpdateBatch.apply(t, "lerp", t.in(), numbers(weight));
            return;
        }
        DType wide = t.device().limits().doubles() ? DType.F64 : DType.F32;
        Tensor from = t.in()[0].to(wide);
        CastLauncher.cast(t, from.add(t.in()[1].to(wide).sub(from).mul(weight)), t.in()[0]);
    }

    private static void sgd(Task t, UpdateOp.SgdStep op) {
        double[] numbers = numbers(op.lr(), op.momentum(), op.dampening(), op.weightDecay());
        UpdateBatch.apply(t, "sgd", t.in(), numbers, op.nesterov() ? 1 : 0, op.first() ? 1 : 0);
    }

    private static void adam(Task t, UpdateOp.AdamStep op) {
        double[] numbers = numbers(
                op.lr(),
                op.beta1(),
                op.beta2(),
                1 - op.beta1(),
                1 - op.beta2(),
                op.eps(),
                op.decoupled() ? 0 : op.weightDecay(),
                op.decoupled() ? 1 - op.lr() * op.weightDecay() : 1,
                inverse(op.beta1(), op.step()),
                inverse(op.beta2(), op.step()));
        UpdateBatch.apply(t, "adam", t.in(), numbers);
    }

    private static void lion(Task t, UpdateOp.LionStep op) {
        double shrink = 1 - op.lr() * op.weightDecay();
        UpdateBatch.apply(
                t, "lion", t.in(), numbers(op.lr(), op.beta1(), op.beta2(), 1 - op.beta1(), 1 - op.beta2(), shrink));
    }

    /// 1/(1 − βᵗ).
    private static double inverse(double beta, long step) {
        return 1 / (1 - StrictMath.pow(beta, step));
    }

    private static void rmsProp(Task t, UpdateOp.RmsPropStep op) {
        double[] numbers = numbers(op.lr(), op.alpha(), 1 - op.alpha(), op.eps(), op.weightDecay(), op.momentum());
        UpdateBatch.apply(t, "rms_prop", t.in(), numbers);
    }

    /// The norms of weights and direction stay on the device: the second kernel reads them there.
    private static void lamb(Task t, UpdateOp.LambStep op) {
        Tensor[] in = t.in();
        DType arithmetic = Task.isHalf(in[0].dtype()) ? DType.F32 : in[0].dtype();
        Tensor direction = t.fresh(arithmetic, in[0].shape().dims());
        Layout layout = Layout.of("lamb", in[0].shape(), in);
        Launch first =
                t.kernel("update", Types.of(in[0].dtype()), "lamb_direction").struct(layout.fields());
        for (Tensor operand : in) {
            first.buffer(operand);
        }
        first.buffer(direction);
        new Step(t, layout, first, in[0].dtype())
                .numbers(op.beta1(), op.beta2(), 1 - op.beta1(), 1 - op.beta2(), op.eps(), op.weightDecay())
                .numbers(inverse(op.beta1(), op.step()), inverse(op.beta2(), op.step()))
                .run();
        Tensor normW = norm(t, in[0].to(arithmetic));
        Tensor normD = norm(t, direction);
        Layout weights = Layout.of("lamb", in[0].shape(), in[0]);
        Launch second = t.kernel("update", Types.of(in[0].dtype()), "lamb_step")
                .struct(weights.fields())
                .buffer(in[0])
                .buffer(direction)
                .buffer(normW)
                .buffer(normD);
        new Step(t, weights, second, in[0].dtype()).numbers(op.lr()).run();
        ((DeviceStorage) direction.storage()).release();
    }

    private static Tensor norm(Task t, Tensor x) {
        int[] all = new int[x.rank()];
        for (int d = 0; d < all.length; d++) {
            all[d] = d;
        }
        Tensor norm = t.fresh(x.dtype());
        ReductionLauncher.launch(t, "norm_two", x, all, norm, null);
        return norm;
    }
}
