package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;

/// Launches `kernels/product.cl` (implicit GEMM) and `kernels/depthwise.cl`: [ConvOp].
final class ConvLauncher {
    private static final int MOST_SPLITS = 64;

    private ConvLauncher() {}

    static Tensor[] run(Task t, ConvOp op) {
        Tensor[] in = t.dense();
        Shape result = t.out()[0].shape();
        Tensor y = t.result(0);
        switch (op) {
            case ConvOp.Conv2d o -> {
                Sizes sizes = new Sizes(o.geometry(), in[0].shape(), in[1].shape(), result);
                forward(t, sizes, in, y);
            }
            case ConvOp.Conv2dInputGrad o -> {
                Sizes sizes = new Sizes(o.geometry(), result, in[1].shape(), in[0].shape());
                inputGrad(t, sizes, in, y);
            }
            case ConvOp.Conv2dWeightGrad o -> {
                Sizes sizes = new Sizes(o.geometry(), in[1].shape(), result, in[0].shape());
                weightGrad(t, sizes, in, y);
            }
        }
        return Task.one(y);
    }

    /// Shapes of x [N, C, H, W], w [O, C/groups, KH, KW] and out [N, O, OH, OW].
    private record Sizes(ConvOp.Geometry g, Shape x, Shape w, Shape out) {
        int groupOuts() {
            return w.dim(0) / g.groups();
        }

        boolean depthwise() {
            return w.dim(1) == 1 && g.groups() > 1;
        }

        int taps() {
            return w.dim(2) * w.dim(3);
        }

        int outPlane() {
            return out.dim(2) * out.dim(3);
        }

        /// The struct of the kernels.
        int[] fields(int xOffset, int wOffset, int outOffset, int bias, int splits) {
            return new int[] {
                x.dim(0),
                x.dim(1),
                x.dim(2),
                x.dim(3),
                out.dim(1),
                out.dim(2),
                out.dim(3),
                w.dim(1),
                groupOuts(),
                w.dim(2),
                w.dim(3),
                g.strideH(),
                g.strideW(),
                g.paddingH(),
                g.paddingW(),
                g.dilationH(),
                g.dilationW(),
                xOffset,
                wOffset,
                outOffset,
                bias,
                splits,
                0
            };
        }
    }

    private static void forward(Task t, Sizes s, Tensor[] in, Tensor y) {
        int bias = in.length == 3 ? in[2].offset() : -1;
        int[] fields = s.fields(in[0].offset(), in[1].offset(), 0, bias, 1);
        Tensor biasOrX = in.length == 3 ? in[2] : in[0];
        if (s.depthwise()) {
            t.each(
                    t.kernel("depthwise", Types.of(y.dtype()), "depthwise")
                            .struct(fields)
                            .buffer(y)
                            .buffer(in[0])
                            .buffer(in[1])
                            .buffer(biasOrX),
                    y.numel());
            return;
        }
        long columns = (long) s.x.dim(0) * s.outPlane();
        product(t, "CONV_FORWARD", fields, y, in[1], in[0], biasOrX, s.groupOuts(), columns, s.g.groups());
    }

    private static void inputGrad(Task t, Sizes s, Tensor[] in, Tensor dx) {
        int[] fields = s.fields(0, in[1].offset(), in[0].offset(), -1, 1);
        if (s.depthwise()) {
            t.each(
                    t.kernel("depthwise", Types.of(dx.dtype()), "depthwise_input_gradient")
                            .struct(fields)
                            .buffer(dx)
                            .buffer(in[0])
                            .buffer(in[1]),
                    dx.numel());
            return;
        }
        long columns = (long) s.x.dim(0) * s.x.dim(2) * s.x.dim(3);
        product(t, "CONV_INPUT_GRAD", fields, dx, in[1], in[0], in[1], s.w.dim(1), columns, s.g.groups());
    }

    private static void weightGrad(Task t, Sizes s, Tensor[] in, Tensor dw) {
        if (s.depthwise()) {
            Launch launch = t.kernel("depthwise", Types.of(dw.dtype()), "depthwise_weight_gradient")
                    .struct(s.fields(in[1].offset(), 0, in[0].offset(), -1, 1))
                    .buffer(dw)
                    .buffer(in[0])
                    .buffer(in[1]);
            Rows.of(t.device().limits(), s.x.dim(0) * s.outPlane()).run(launch, dw.numel());
            return;
        }
        int splits = splits(t, s, dw);
        int[] fields = s.fields(in[1].offset(), 0, in[0].offset(), -1, splits);
        int columns = s.w.dim(1) * s.taps();
        if (splits == 1) {
            product(t, "CONV_WEIGHT_GRAD", fields, dw, in[0], in[1], in[0], s.groupOuts(), columns, s.g.groups());
            return;
        }
        DType arithmetic = Task.isHalf(dw.dtype()) ? DType.F32 : dw.dtype();
        if (arithmetic != dw.dtype()) { // the parts are added before they are rounded
            Tensor wide = t.fresh(arithmetic, dw.shape().dims());
            weightGrad(t, s, new Tensor[] {in[0].to(arithmetic), in[1].to(arithmetic)}, wide);
            CastLauncher.cast(t, wide, dw);
            return;
        }
        Tensor parts = t.fresh(dw.dtype(), splits, dw.numel());
        product(
                t,
                "CONV_WEIGHT_GRAD",
                fields,
                parts,
                in[0],
                in[1],
                in[0],
                s.groupOuts(),
                columns,
                (long) s.g.groups() * splits);
        ReductionLauncher.launch(t, "sum", parts, new int[] {0}, dw, null);
        ((DeviceStorage) parts.storage()).release();
    }

    /// Parts of the sum over images and positions, so that there are tiles enough for the device.
    private static int splits(Task t, Sizes s, Tensor dw) {
        Tile tile = Tile.of(t.device(), Tile.Use.CONVOLUTION);
        long columns = (long) s.w.dim(1) * s.taps();
        long tiles =
                ((s.groupOuts() + tile.tm() - 1) / tile.tm()) * ((columns + tile.tn() - 1) / tile.tn()) * s.g.groups();
        long wanted = 2L * t.device().limits().computeUnits() / Math.max(1, tiles);
        long length = (long) s.x.dim(0) * s.outPlane();
        return (int) Math.max(1, Math.min(Math.min(wanted, length / 256), MOST_SPLITS));
    }

    private static void product(
            Task t,
            String problem,
            int[] fields,
            Tensor c,
            Tensor a,
            Tensor b,
            Tensor bias,
            int m,
            long n,
            long batch) {
        if (c.numel() == 0 || n == 0) {
            if (c.numel() > 0) {
                ShapeLauncher.fill(t, c, 0);
            }
            return;
        }
        Tile tile = Tile.of(t.device(), Tile.Use.CONVOLUTION, c.dtype(), m, n, batch);
        t.kernel("product", Types.of(c.dtype()) + "#define " + problem + " 1\n" + tile.definitions(), "product")
                .struct(fields)
                .buffer(c)
                .buffer(a)
                .buffer(b)
                .buffer(bias)
                .buffer(c)
                .run(
                        new long[] {
                            (n + tile.tn() - 1) / tile.tn() * tile.groupX(),
                            (long) (m + tile.tm() - 1) / tile.tm() * tile.groupY(),
                            batch
                        },
                        tile.groupX(),
                        tile.groupY(),
                        1);
    }
}
