package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;

/// Launches `kernels/norm.cl`: [NormOp].
final class NormLauncher {
    private static final int MOST_CHUNKS = 64;
    private static final int QUAD = 4;

    private NormLauncher() {}

    static Tensor[] run(Task t, NormOp op) {
        Shape x = t.in()[0].shape();
        return switch (op) {
            case NormOp.BatchNorm o -> batch(t, o.eps(), false);
            case NormOp.BatchNormEval o -> Task.one(batchEval(t, o.eps()));
            case NormOp.BatchNormBackward o -> batchBackward(t, t.dense(), -1, o.eps());
            case NormOp.BatchNormRelu o -> batch(t, o.eps(), true);
            case NormOp.BatchNormReluBackward o -> batchReluBackward(t, o);
            case NormOp.LayerNorm o -> rowNorm(t, Plan.layer(x, o.dims()), o.eps());
            case NormOp.LayerNormBackward o -> rowNormBackward(t, Plan.layer(x, o.dims()), true);
            case NormOp.GroupNorm o -> rowNorm(t, Plan.group(x, o.groups()), o.eps());
            case NormOp.GroupNormBackward o -> rowNormBackward(t, Plan.group(x, o.groups()), true);
            case NormOp.RmsNorm o -> rmsNorm(t, Plan.layer(x, o.dims()), o.eps());
            case NormOp.RmsNormBackward o -> rowNormBackward(t, Plan.layer(x, o.dims()), false);
        };
    }

    /// `count` rows of `units` weight units with `inner` neighbouring elements each; see the kernels.
    private record Plan(int count, int units, int inner, int period) {
        static Plan layer(Shape shape, int dims) {
            int count = 1;
            int length = 1;
            for (int d = 0; d < shape.rank(); d++) {
                if (d < shape.rank() - dims) {
                    count *= shape.dim(d);
                } else {
                    length *= shape.dim(d);
                }
            }
            return new Plan(count, length, 1, 1);
        }

        static Plan group(Shape shape, int groups) {
            int inner = 1;
            for (int d = 2; d < shape.rank(); d++) {
                inner *= shape.dim(d);
            }
            return new Plan(shape.dim(0) * groups, shape.dim(1) / groups, inner, groups);
        }

        int[] fields(int x, int g, int mean, int rstd, int weight, int bias) {
            return new int[] {count, units, inner, period, x, g, mean, rstd, weight, bias};
        }
    }

    private static int offset(Tensor[] in, int index) {
        return index < in.length ? in[index].offset() : -1;
    }

    private static Tensor orFirst(Tensor[] in, int index) {
        return index < in.length ? in[index] : in[0];
    }

    private static Tensor[] rowNorm(Task t, Plan plan, double eps) {
        Tensor[] in = t.dense();
        Tensor[] out = {t.result(0), t.result(1), t.result(2)};
        DType dtype = in[0].dtype();
        Launch launch = t.kernel("norm", Types.of(dtype), "row_norm")
                .struct(plan.fields(in[0].offset(), 0, 0, 0, offset(in, 1), offset(in, 2)))
                .scalar(dtype, eps)
                .buffer(out[0])
                .buffer(out[1])
                .buffer(out[2])
                .buffer(in[0])
                .buffer(orFirst(in, 1))
                .buffer(orFirst(in, 2));
        Rows.of(t.device().limits(), plan.units * plan.inner).run(launch, plan.count);
        return out;
    }

    private static Tensor[] rmsNorm(Task t, Plan plan, double eps) {
        Tensor[] in = t.dense();
        Tensor[] out = {t.result(0), t.result(1)};
        DType dtype = in[0].dtype();
        Launch launch = t.kernel("norm", Types.of(dtype), "rms_norm")
                .struct(plan.fields(in[0].offset(), 0, 0, 0, offset(in, 1), -1))
                .scalar(dtype, eps)
                .buffer(out[0])
                .buffer(out[1])
                .buffer(in[0])
                .buffer(orFirst(in, 1));
        Rows.of(t.device().limits(), plan.units * plan.inner).run(launch, plan.count);
        return out;
    }

    /// Inputs (g, x, mean, rstd[, weight]), or (g, x, rstd[, weight]) of a normalisation that does not
    /// centre.
    private static Tensor[] rowNormBackward(Task t, Plan plan, boolean centred) {
        Tensor[] in = t.dense();
        int rstd = centred ? 3 : 2;
        Tensor dx = t.result(0);
        int[] fields = plan.fields(
                in[1].offset(), in[0].offset(), in[2].offset(), in[rstd].offset(), offset(in, rstd + 1), -1);
        Launch launch = t.kernel("norm", Types.of(dx.dtype()), centred ? "row_norm_backward" : "rms_norm_backward")
                .struct(fields)
                .buffer(dx)
                .buffer(in[0])
                .buffer(in[1]);
        if (centred) {
            launch.buffer(in[2]);
        }
        launch.buffer(in[rstd]).buffer(orFirst(in, rstd + 1));
        Rows.of(t.device().limits(), plan.units * plan.inner).run(launch, plan.count);
        Tensor dweight = t.result(1);
        Tensor dbias = centred ? t.result(2) : t.fresh(t.out()[1]);
        weightGradients(t, plan, fields, in, rstd, dweight, dbias);
        return centred ? new Tensor[] {dx, dweight, dbias} : new Tensor[] {dx, dweight};
    }

    private static void weightGradients(
            Task t, Plan plan, int[] fields, Tensor[] in, int rstd, Tensor dweight, Tensor dbias) {
        int units = dweight.numel();
        int steps = plan.count / Math.max(1, plan.period);
        int chunks = Math.clamp(steps / 32, 1, MOST_CHUNKS);
        DType arithmetic = Task.isHalf(dweight.dtype()) ? DType.F32 : dweight.dtype();
        Tensor parts = t.fresh(arithmetic, units, chunks);
        Tensor biasParts = t.fresh(arithmetic, units, chunks);
        String variant = Types.of(dweight.dtype());
        t.each(
                t.kernel("norm", variant, "weight_gradients")
                        .struct(fields)
                        .ints(units, chunks, rstd == 3 ? 1 : 0)
                        .buffer(parts)
                        .buffer(biasParts)
                        .buffer(in[0])
                        .buffer(in[1])
                        .buffer(in[2])
                        .buffer(in[rstd]),
                (long) units * chunks);
        t.each(
                t.kernel("norm", variant, "add_parts")
                        .ints(units, chunks)
                        .buffer(dweight)
                        .buffer(dbias)
                        .buffer(parts)
                        .buffer(biasParts),
                units);
        ((DeviceStorage) parts.storage()).release();
        ((DeviceStorage) biasParts.storage()).release();
    }

    // ---- batch normalisation --------------------------------------------------------------------------------------

    /// Sizes of [images, channels, inner] and how a channel is cut into parts.
    private record Channels(int images, int channels, int inner, int chunks, Rows rows) {
        static Channels of(Task t, Tensor x) {
            int images = x.size(0);
            int channels = x.size(1);
            int inner = x.numel() == 0 ? 0 : x.numel() / (images * channels);
            int wanted =
                    t.device().limits().computeUnits() * (t.device().limits().cpu() ? 1 : 4);
            int chunks = Math.clamp(wanted / Math.max(1, channels), 1, MOST_CHUNKS);
            chunks = Math.clamp((long) images * inner / 1024, 1, chunks);
            return new Channels(
                    images, channels, inner, chunks, Rows.of(t.device().limits(), images * inner));
        }

        int[] fields(int x, int g, int mean, int var, int weight, int bias, int rectified, int joined) {
            return new int[] {images, channels, inner, chunks, x, g, mean, var, weight, bias, rectified, joined};
        }

        void run(Launch launch) {
            rows.run(launch, (long) channels * chunks);
        }

        /// Definitions: planes of `F32` that are whole vectors of four are read so.
        String variant(DType dtype, Tensor... planes) {
            boolean quads = dtype == DType.F32 && inner % QUAD == 0;
            for (Tensor x : planes) {
                quads &= x.offset() % QUAD == 0;
            }
            return Types.of(dtype) + (quads ? "#define QUADS 1\n" : "");
        }
    }

    private static Tensor parts(Task t, Channels c) {
        DType dtype = t.in()[0].dtype();
        return t.fresh(Task.isHalf(dtype) ? DType.F32 : dtype, c.channels, c.chunks);
    }

    /// (x[, weight, bias[, joined]]) → (y, mean, variance).
    private static Tensor[] batch(Task t, double eps, boolean rectified) {
        Tensor[] in = t.dense();
        Tensor[] out = {t.result(0), t.result(1), t.result(2)};
        Channels c = Channels.of(t, in[0]);
        int[] fields =
                c.fields(in[0].offset(), 0, 0, 0, offset(in, 1), offset(in, 2), rectified ? 1 : 0, offset(in, 3));
        Tensor sums = parts(t, c);
        Tensor squares = parts(t, c);
        String variant = c.variant(in[0].dtype(), in[0], orFirst(in, 3));
        c.run(t.kernel("norm", variant, "batch_sum").struct(fields).buffer(sums).buffer(in[0]));
        c.run(t.kernel("norm", variant, "batch_squares")
                .struct(fields)
                .buffer(squares)
                .buffer(out[1])
                .buffer(sums)
                .buffer(in[0]));
        c.run(t.kernel("norm", variant, "batch_apply")
                .struct(fields)
                .scalar(in[0].dtype(), eps)
                .buffer(out[0])
                .buffer(out[2])
                .buffer(sums)
                .buffer(squares)
                .buffer(in[0])
                .buffer(orFirst(in, 1))
                .buffer(orFirst(in, 2))
                .buffer(orFirst(in, 3)));
        ((DeviceStorage) sums.storage()).release();
        ((DeviceStorage) squares.storage()).release();
        return out;
    }

    private static Tensor batchEval(Task t, double eps) {
        Tensor[] in = t.dense();
        Tensor y = t.result(0);
        Channels c = Channels.of(t, in[0]);
        t.each(
                t.kernel("norm", Types.of(y.dtype()), "batch_eval")
                        .struct(c.fields(
                                in[0].offset(), 0, in[1].offset(), in[2].offset(), offset(in, 3), offset(in, 4), 0, -1))
                        .scalar(y.dtype(), eps)
                        .buffer(y)
                        .buffer(in[0])
                        .buffer(in[1])
                        .buffer(in[2])
                        .buffer(orFirst(in, 3))
                        .buffer(orFirst(in, 4)),
                y.numel());
        return y;
    }

    /// (g, y, x, mean, var, weight): y last, so that the others are those of the norm alone.
    private static Tensor[] batchReluBackward(Task t, NormOp.BatchNormReluBackward op) {
        Tensor[] in = t.dense();
        Tensor[] ordered = {in[0], in[2], in[3], in[4], in[5], in[1]};
        return batchBackward(t, ordered, 5, op.eps());
    }

    /// (g, x, mean, var[, weight[, y]]) → (dx, dweight, dbias[, djoined]).
    ///
    /// @param y which of `in` is the rectified result, -1 if there is no rectifier
    private static Tensor[] batchBackward(Task t, Tensor[] in, int y, double eps) {
        Tensor[] out = new Tensor[t.out().length];
        for (int i = 0; i < out.length; i++) {
            out[i] = t.result(i);
        }
        Channels c = Channels.of(t, in[1]);
        int[] fields = c.fields(
                in[1].offset(),
                in[0].offset(),
                in[2].offset(),
                in[3].offset(),
                offset(in, 4),
                -1,
                y < 0 ? 0 : 1,
                y < 0 ? -1 : in[y].offset());
        Tensor rectified = y < 0 ? in[0] : in[y];
        Tensor sums = parts(t, c);
        Tensor sumsX = parts(t, c);
        String variant = c.variant(in[1].dtype(), in[0], in[1], rectified);
        Launch first = t.kernel("norm", variant, "batch_gradient_sums")
                .struct(fields)
                .scalar(in[1].dtype(), eps)
                .buffer(sums)
                .buffer(sumsX);
        c.run(operands(first, in, 4).buffer(rectified));
        Launch second = t.kernel("norm", variant, "batch_backward")
                .struct(fields)
                .scalar(in[1].dtype(), eps)
                .buffer(out[0])
                .buffer(out[1])
                .buffer(out[2])
                .buffer(sums)
                .buffer(sumsX);
        boolean joins = out.length == 4;
        c.run(operands(second, in, 4)
                .buffer(orFirst(in, 4))
                .buffer(rectified)
                .ints(joins ? 1 : 0)
                .buffer(joins ? out[3] : out[0]));
        ((DeviceStorage) sums.storage()).release();
        ((DeviceStorage) sumsX.storage()).release();
        return out;
    }

    private static Launch operands(Launch launch, Tensor[] in, int count) {
        for (int i = 0; i < count; i++) {
            launch.buffer(in[i]);
        }
        return launch;
    }
}
