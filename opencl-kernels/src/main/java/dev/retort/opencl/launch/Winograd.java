package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.MatMulOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/winograd.cl`: `F32` convolutions with 3 x 3 kernels at stride 1, and their input gradients.
///
/// It runs where `./retort tune` found it to be faster than the implicit GEMM, and untuned on NVIDIA's cards, where
/// it was; the property `dev.retort.opencl.winograd` = `on` or `off` overrides that. A value that is not finite
/// spreads over the 2 x 2 outputs of its tile, and rounding errors are a few times those of direct sums.
///
/// @param sizes extents of what is convolved
record Winograd(Sizes sizes) {
    /// The name of what is tuned.
    static final String USE = "WINOGRAD";

    /// What is stored where it is faster: F(2 x 2, 3 x 3).
    static final int[] FASTER = {2, 2, 3, 3, 1};

    /// What is stored where it is not: F(1 x 1, 3 x 3), direct sums.
    static final int[] SLOWER = {1, 1, 3, 3, 1};

    private static final int POINTS = 16;
    private static final int CHANNELS = 16; // with fewer, transforms cost more than the products saved

    /// Extents of the convolution that is computed: x [N, C, H, W] to [N, O, OH, OW].
    record Sizes(Shape x, Shape out, int padH, int padW, boolean turned) {
        long tiles() {
            return (long) x.dim(0) * ((out.dim(2) + 1) / 2) * ((out.dim(3) + 1) / 2);
        }
    }

    /// Whether this way is faster: as it was tuned, or else on NVIDIA's cards.
    private static boolean isFaster(ClDevice device) {
        return device.tiles()
                .get(USE)
                .map(sizes -> Arrays.equals(sizes, FASTER))
                .orElseGet(() -> device.limits().tuning() == DeviceLimits.Vendor.NVIDIA);
    }

    /// Whether a convolution runs this way on a device.
    static boolean takes(ClDevice device, DType dtype, ConvOp.Geometry g, Shape weight, Sizes sizes) {
        String wanted = System.getProperty("dev.retort.opencl.winograd", "tuned");
        boolean on = wanted.equals("on") || (!wanted.equals("off") && isFaster(device));
        int channels = sizes.x.dim(1);
        int outs = sizes.out.dim(1);
        return on
                && dtype == DType.F32
                && weight.dim(2) == 3
                && weight.dim(3) == 3
                && g.equals(ConvOp.Geometry.of(1, g.paddingH()))
                && Math.min(sizes.padH, sizes.padW) >= 0
                && Math.min(channels, outs) >= CHANNELS
                && POINTS * Math.max(channels, outs) * sizes.tiles() < Integer.MAX_VALUE
                && (long) POINTS * channels * outs < Integer.MAX_VALUE
                && sizes.tiles() > 0;
    }

    /// The result: transforms, 16 products, and the transform back.
    Tensor run(Task t, Tensor x, Tensor weight, @Nullable Tensor bias) {
        int channels = sizes.x.dim(1);
        int outs = sizes.out.dim(1);
        int tiles = (int) sizes.tiles();
        int[] fields = fields(x, weight, bias);
        String variant = Types.of(DType.F32);
        Tensor u = t.fresh(DType.F32, POINTS, outs, channels);
        t.each(
                t.kernel("winograd", variant, "winograd_weights")
                        .struct(fields)
                        .buffer(u)
                        .buffer(weight),
                (long) outs * channels);
        Tensor v = t.fresh(DType.F32, POINTS, channels, tiles);
        t.each(
                t.kernel("winograd", variant, "winograd_input")
                        .struct(fields)
                        .buffer(v)
                        .buffer(x),
                (long) channels * tiles);
        TensorType type = new TensorType(DType.F32, Shape.of(POINTS, outs, tiles));
        Task product = new Task(t.device(), new MatMulOp.MatMul(), new Tensor[] {u, v}, new TensorType[] {type});
        Tensor m = MatMulLauncher.run(product, new MatMulOp.MatMul())[0];
        Tensor y = t.result(0);
        t.each(
                t.kernel("winograd", variant, "winograd_output")
                        .struct(fields)
                        .buffer(y)
                        .buffer(m)
                        .buffer(bias == null ? m : bias),
                (long) outs * tiles);
        for (Tensor temporary : new Tensor[] {u, v, m}) {
            temporary.storage().release();
        }
        return y;
    }

    private int[] fields(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return new int[] {
            sizes.x.dim(0),
            sizes.x.dim(1),
            sizes.x.dim(2),
            sizes.x.dim(3),
            sizes.out.dim(1),
            sizes.out.dim(2),
            sizes.out.dim(3),
            sizes.padH,
            sizes.padW,
            x.offset(),
            weight.offset(),
            bias == null ? -1 : bias.offset(),
            sizes.turned ? 1 : 0
        };
    }
}
