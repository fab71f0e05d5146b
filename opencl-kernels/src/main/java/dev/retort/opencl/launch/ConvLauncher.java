package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ConvOp;
import java.util.List;

/// Launches `kernels/product.cl` or `kernels/tensor.cl` (implicit GEMM) and `kernels/depthwise.cl`: [ConvOp].
final class ConvLauncher {
    private static final int MOST_SPLITS = 256;
    private static final int PIECE = 4; // `F32` in 16 bytes
    private static final Product.Operand ALONG_K = new Product.Operand(true, false);

    private ConvLauncher() {}

    static Tensor[] run(Task t, ConvOp op) {
        Tensor[] in = t.dense();
        Shape result = t.out()[0].shape();
        return Task.one(
                switch (op) {
                    case ConvOp.Conv2d o ->
                        forward(t, new Sizes(o.geometry(), in[0].shape(), in[1].shape(), result), in);
                    case ConvOp.Conv2dInputGrad o ->
                        inputGrad(t, new Sizes(o.geometry(), result, in[1].shape(), in[0].shape()), in);
                    case ConvOp.Conv2dWeightGrad o -> {
                        Tensor dw = t.result(0);
                        weightGrad(t, new Sizes(o.geometry(), in[1].shape(), result, in[0].shape()), in, dw);
                        yield dw;
                    }
                });
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

        /// Whether only every s-th input position meets the one tap, and has a gradient.
        boolean spread() {
            return taps() == 1 && g.paddingH() == 0 && g.paddingW() == 0 && g.strideH() * g.strideW() > 1;
        }

        /// Whether the input gradient is a product for each phase of the strides.
        boolean phased() {
            return g.strideH() * g.strideW() > 1
                    && (g.strideH() == 1 || g.dilationH() == 1)
                    && (g.strideW() == 1 || g.dilationW() == 1);
        }

        Product.Problem problem(
                String name, DType dtype, long m, long n, int parts, Product.Operand a, Product.Operand b) {
            return new Product.Problem(Tile.Use.CONVOLUTION, name, dtype, m, n, (long) g.groups() * parts, a, b);
        }

        /// Images at `offset`, across k: a 1 x 1 convolution reads a plane as it lies, four `F32` at once if that may
        /// be. So does its input gradient, which reads no others.
        ///
        /// @param strides whether strides do not matter
        Product.Operand images(DType dtype, int offset, boolean strides) {
            boolean unpadded = g.paddingH() == 0 && g.paddingW() == 0;
            boolean asTheyLie = taps() == 1 && unpadded && (strides || g.strideH() * g.strideW() == 1);
            return new Product.Operand(
                    false, asTheyLie && dtype == DType.F32 && outPlane() % PIECE == 0 && offset % PIECE == 0);
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
                splits
            };
        }
    }

    private static Tensor forward(Task t, Sizes s, Tensor[] in) {
        int bias = in.length == 3 ? in[2].offset() : -1;
        int[] fields = s.fields(in[0].offset(), in[1].offset(), 0, bias, 1);
        Tensor biasOrX = in.length == 3 ? in[2] : in[0];
        if (s.depthwise()) {
            Tensor y = t.result(0);
            t.each(
                    t.kernel("depthwise", Types.of(y.dtype()), "depthwise")
                            .struct(fields)
                            .buffer(y)
                            .buffer(in[0])
                            .buffer(in[1])
                            .buffer(biasOrX),
                    y.numel());
            return y;
        }
        Winograd.Sizes sizes = new Winograd.Sizes(s.x, s.out, s.g.paddingH(), s.g.paddingW(), false);
        if (Winograd.takes(t.device(), in[0].dtype(), s.g, s.w, sizes)) {
            return new Winograd(sizes).run(t, in[0], in[1], in.length == 3 ? in[2] : null);
        }
        long columns = (long) s.x.dim(0) * s.outPlane();
        Product.Problem problem = s.problem(
                "CONV_FORWARD",
                in[0].dtype(),
                s.groupOuts(),
                columns,
                1,
                ALONG_K,
                s.images(in[0].dtype(), in[0].offset(), false));
        return product(t, problem, fields, List.of(in[1], in[0], biasOrX));
    }

    private static Tensor inputGrad(Task t, Sizes s, Tensor[] in) {
        int[] fields = s.fields(0, in[1].offset(), in[0].offset(), -1, 1);
        if (s.depthwise()) {
            Tensor dx = t.result(0);
            t.each(
                    t.kernel("depthwise", Types.of(dx.dtype()), "depthwise_input_gradient")
                            .struct(fields)
                            .buffer(dx)
                            .buffer(in[0])
                            .buffer(in[1]),
                    dx.numel());
            return dx;
        }
        Winograd.Sizes sizes = new Winograd.Sizes(s.out, s.x, 2 - s.g.paddingH(), 2 - s.g.paddingW(), true);
        if (Winograd.takes(t.device(), in[0].dtype(), s.g, s.w, sizes)) {
            return new Winograd(sizes).run(t, in[0], in[1], null);
        }
        boolean weightPieces = s.taps() == 1 && s.w.dim(1) % PIECE == 0 && in[1].offset() % PIECE == 0;
        Product.Operand weights = new Product.Operand(false, weightPieces);
        if (s.spread()) {
            long positions = (long) s.x.dim(0) * s.outPlane();
            Product.Operand images = s.images(in[0].dtype(), in[0].offset(), true);
            Product.Problem problem =
                    s.problem("CONV_SPREAD_INPUT_GRAD", in[0].dtype(), s.w.dim(1), positions, 1, weights, images);
            return product(t, problem, fields, List.of(in[1], in[0], in[1]));
        }
        boolean phased = s.phased();
        int strideH = phased ? s.g.strideH() : 1;
        int strideW = phased ? s.g.strideW() : 1;
        long columns = (long) s.x.dim(0)
                * ((s.x.dim(2) + strideH - 1) / strideH) // of the largest phase
                * ((s.x.dim(3) + strideW - 1) / strideW);
        Product.Problem problem = s.problem(
                phased ? "CONV_PHASED_INPUT_GRAD" : "CONV_INPUT_GRAD",
                in[0].dtype(),
                s.w.dim(1),
                columns,
                strideH * strideW,
                weights,
                s.images(in[0].dtype(), in[0].offset(), false));
        return product(t, problem, fields, List.of(in[1], in[0], in[1]));
    }

    /// A product whose result may wait; zeros where nothing is summed.
    private static Tensor product(Task t, Product.Problem problem, int[] fields, List<Tensor> operands) {
        TensorType type = t.out()[0];
        return type.shape().numel() == 0 || problem.n() == 0
                ? t.zeros(type)
                : Product.of(t, type, problem, fields, operands).result();
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
        if (splits == 1) {
            weightProduct(t, s, in, dw, 1);
            return;
        }
        DType arithmetic = Task.isHalf(dw.dtype()) ? DType.F32 : dw.dtype(); // parts are added before they are rounded
        Tensor parts = t.fresh(arithmetic, splits, dw.numel());
        weightProduct(t, s, in, parts, splits);
        Tensor sum =
                arithmetic == dw.dtype() ? dw : t.fresh(arithmetic, dw.shape().dims());
        ReductionLauncher.launch(t, "sum", parts, new int[] {0}, sum, null);
        ((DeviceStorage) parts.storage()).release();
        if (sum != dw) {
            CastLauncher.cast(t, sum, dw);
            sum.storage().release();
        }
    }

    private static void weightProduct(Task t, Sizes s, Tensor[] in, Tensor dw, int splits) {
        int columns = s.w.dim(1) * s.taps();
        if (dw.numel() == 0 || columns == 0) {
            return;
        }
        int[] fields = s.fields(in[1].offset(), 0, in[0].offset(), -1, splits);
        Product.Problem problem =
                s.problem("CONV_WEIGHT_GRAD", in[0].dtype(), s.groupOuts(), columns, splits, ALONG_K, ALONG_K);
        Product.of(t, dw.type(), problem, fields, List.of(in[0], in[1], in[0])).compute((DeviceStorage) dw.storage());
    }

    /// Parts of the sum over images and positions, so that there are tiles enough for the device.
    private static int splits(Task t, Sizes s, Tensor dw) {
        long columns = (long) s.w.dim(1) * s.taps();
        Tile tile = Tile.of(
                t.device(),
                Tile.Use.CONVOLUTION,
                dw.dtype(),
                s.groupOuts(),
                columns,
                t.device().limits().computeUnits());
        long tiles =
                ((s.groupOuts() + tile.tm() - 1) / tile.tm()) * ((columns + tile.tn() - 1) / tile.tn()) * s.g.groups();
        long wanted = 2L * t.device().limits().computeUnits() / Math.max(1, tiles);
        long length = (long) s.x.dim(0) * s.outPlane();
        return (int) Math.max(1, Math.min(Math.min(wanted, length / 256), MOST_SPLITS));
    }
}
