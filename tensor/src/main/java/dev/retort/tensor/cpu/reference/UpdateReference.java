package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.cpu.StridedCopy;
import dev.retort.tensor.op.UpdateOp;

/// Reference kernels of [UpdateOp]: new values are computed in `double` and written through the view
/// once, rounded to the dtype. The optimiser steps are in [OptimizerReference].
final class UpdateReference {
    private static final Tensor[] NOTHING = {};

    private UpdateReference() {}

    static Tensor[] run(UpdateOp op, Tensor[] in, TensorType[] out) {
        Tensor dst = in[0];
        switch (op) {
            case UpdateOp.CopyInto() -> copyInto(in[1], dst);
            case UpdateOp.Fill(double value) -> fill(value, dst);
            case UpdateOp.Scale(double factor) -> scale(factor, dst);
            case UpdateOp.AddScaled(double alpha) -> addScaled(alpha, in[1], dst);
            case UpdateOp.Lerp(double weight) -> lerp(weight, in[1], dst);
            case UpdateOp.SgdStep step -> OptimizerReference.sgd(step, in);
            case UpdateOp.AdamStep step -> OptimizerReference.adam(step, in);
            case UpdateOp.RmsPropStep step -> OptimizerReference.rmsProp(step, in);
            case UpdateOp.AdagradStep step -> OptimizerReference.adagrad(step, in);
            case UpdateOp.LambStep step -> OptimizerReference.lamb(step, in);
            case UpdateOp.LionStep step -> OptimizerReference.lion(step, in);
        }
        return NOTHING;
    }

    /// The elements as doubles that may be changed without changing the tensor.
    static double[] fresh(Tensor x) {
        double[] data = Elements.doubles(x);
        return data == ((HostStorage) x.storage()).array() ? data.clone() : data;
    }

    /// Writes row-major values into the view, rounded to its dtype.
    static void store(double[] values, Tensor dst) {
        StridedCopy.copy(Elements.tensor(values, dst.type()), dst);
    }

    private static void store(long[] values, Tensor dst) {
        StridedCopy.copy(Elements.tensor(values, dst.type()), dst);
    }

    /// dst ← src. The cast copies, so the two may overlap.
    private static void copyInto(Tensor src, Tensor dst) {
        Tensor converted = CastReference.cast(src, new TensorType(dst.dtype(), src.shape()));
        StridedCopy.copy(Moves.broadcast(converted, dst.shape()), dst);
    }

    /// dst ← value.
    private static void fill(double value, Tensor dst) {
        HostStorage one = HostStorage.allocate(dst.dtype(), 1);
        one.setDouble(0, value);
        StridedCopy.copy(Tensor.of(one, 0, dst.shape(), new int[dst.rank()]), dst);
    }

    /// dst ← dst · factor.
    private static void scale(double factor, Tensor dst) {
        if (dst.dtype().isFloating()) {
            double[] y = fresh(dst);
            for (int i = 0; i < y.length; i++) {
                y[i] *= factor;
            }
            store(y, dst);
        } else {
            long[] y = Elements.longs(dst).clone();
            for (int i = 0; i < y.length; i++) {
                y[i] = IntegerReference.mul(y[i], factor);
            }
            store(y, dst);
        }
    }

    /// dst ← dst + alpha · src.
    private static void addScaled(double alpha, Tensor src, Tensor dst) {
        if (dst.dtype().isFloating()) {
            double[] x = Elements.doubles(src);
            double[] y = fresh(dst);
            for (int i = 0; i < y.length; i++) {
                y[i] += alpha * x[i];
            }
            store(y, dst);
        } else {
            long[] x = Elements.longs(src);
            long[] y = Elements.longs(dst).clone();
            for (int i = 0; i < y.length; i++) {
                y[i] += IntegerReference.mul(x[i], alpha);
            }
            store(y, dst);
        }
    }

    /// dst ← dst + weight · (src − dst).
    private static void lerp(double weight, Tensor src, Tensor dst) {
        double[] x = Elements.doubles(src);
        double[] y = fresh(dst);
        for (int i = 0; i < y.length; i++) {
            y[i] += weight * (x[i] - y[i]);
        }
        store(y, dst);
    }
}
