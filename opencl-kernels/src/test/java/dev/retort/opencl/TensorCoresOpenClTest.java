package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.Op;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The kernels for tensor cores with their instructions spelled out in OpenCL C, on any device, and half
/// types as the first device computes them: by the instructions, if it has them. Half types against the
/// host; TF32 against the host with operands of 10 bits.
class TensorCoresOpenClTest {
    private static final DType[] TYPES = {DType.BF16, DType.F16, DType.F32};

    /// Whether the first device rounds `F32` too.
    private static final boolean TF32 = "on".equals(System.getProperty("dev.retort.opencl.tf32"));

    @BeforeAll
    static void open() {
        TestDevice.required();
    }

    /// What the kernel makes of an element: TF32 keeps 10 bits of mantissa, ties go away from zero.
    private static Tensor rounded(Tensor x) {
        if (x.dtype() != DType.F32) {
            return x;
        }
        float[] values = x.toFloats();
        for (int i = 0; i < values.length; i++) {
            values[i] = Float.intBitsToFloat((Float.floatToRawIntBits(values[i]) + 0x1000) & ~0x1FFF);
        }
        return Tensor.of(values, x.shape().dims());
    }

    private static void assertAgrees(String what, Function<Tensor[], Tensor> product, Tensor... operands) {
        assertAgrees(WarpProvider.DEVICE, what, product, operands);
        if (operands[0].dtype() != DType.F32 || TF32) { // else not rounded there
            assertAgrees(TestDevice.required(), what + ", by the instruction if there is one", product, operands);
        }
    }

    private static void assertAgrees(
            Device device, String what, Function<Tensor[], Tensor> product, Tensor... operands) {
        Tensor[] there = new Tensor[operands.length];
        Tensor[] host = new Tensor[operands.length];
        for (int i = 0; i < operands.length; i++) {
            there[i] = operands[i].to(device);
            host[i] = (i < 2 ? rounded(operands[i]) : operands[i]).to(DType.F64); // the bias is added in F32
        }
        Tensor actual = product.apply(there);
        assertThat(actual.device()).isEqualTo(device);
        DType dtype = operands[0].dtype();
        double tolerance = dtype == DType.F32 ? 1e-5 : 2 * Close.eps(dtype);
        Close.assertClose(what + " " + dtype, actual, product.apply(host).to(dtype), tolerance);
    }

    private static Tensor normal(long seed, DType dtype, int... shape) {
        return Random.normal(new Rng(seed), shape).to(dtype);
    }

    @Test
    void matricesOfManySizes() {
        int[][] sizes = {
            {1, 1, 1}, {16, 8, 16}, {64, 32, 32}, {65, 33, 31}, {7, 40, 100}, {130, 5, 17}, {3, 3, 64}, {128, 64, 96}
        };
        for (DType dtype : TYPES) {
            for (int[] s : sizes) {
                String what = "[" + s[0] + ", " + s[2] + "] x [" + s[2] + ", " + s[1] + "]";
                assertAgrees(
                        what, in -> in[0].matmul(in[1]), normal(1, dtype, s[0], s[2]), normal(2, dtype, s[2], s[1]));
            }
        }
    }

    @Test
    void stridesBatchesAndBias() {
        for (DType dtype : TYPES) {
            Tensor a = normal(1, dtype, 3, 1, 20, 35);
            Tensor b = normal(2, dtype, 2, 35, 37);
            assertAgrees("batched, broadcast", in -> in[0].matmul(in[1]), a, b);
            assertAgrees(
                    "transposed left",
                    in -> in[0].t().matmul(in[1]),
                    normal(3, dtype, 35, 20),
                    normal(4, dtype, 35, 9));
            assertAgrees(
                    "transposed right",
                    in -> in[0].matmul(in[1].t()),
                    normal(3, dtype, 20, 35),
                    normal(4, dtype, 9, 35));
            assertAgrees(
                    "both stepped",
                    in -> in[0].slice(1, 1, 30, 3).matmul(in[1].slice(0, 0, 20, 2)),
                    normal(3, dtype, 20, 35),
                    normal(4, dtype, 20, 9));
            assertAgrees(
                    "linear",
                    in -> in[0].linear(in[1], in[2]),
                    normal(5, dtype, 2, 9, 33),
                    normal(6, dtype, 10, 33),
                    normal(7, dtype, 10));
        }
    }

    /// Matrices in whole pieces of 16 bytes, each way round, and others beside them that are not.
    @Test
    void matricesInPieces() {
        int[][] sizes = {{8, 8, 8}, {72, 40, 56}, {136, 48, 32}, {64, 32, 96}, {16, 200, 24}, {24, 8, 72}};
        for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
            for (int[] s : sizes) {
                Tensor a = normal(1, dtype, s[0], s[2]);
                Tensor b = normal(2, dtype, s[2], s[1]);
                Tensor across = normal(3, dtype, s[2], s[0]);
                Tensor along = normal(4, dtype, s[1], s[2]);
                String what = s[0] + " x " + s[1] + " x " + s[2];
                assertAgrees(what, in -> in[0].matmul(in[1]), a, b);
                assertAgrees(what + ", left across", in -> in[0].t().matmul(in[1]), across, b);
                assertAgrees(what + ", right along", in -> in[0].matmul(in[1].t()), a, along);
                assertAgrees(what + ", both", in -> in[0].t().matmul(in[1].t()), across, along);
            }
            assertAgrees(
                    "7 terms across", in -> in[0].t().matmul(in[1]), normal(1, dtype, 7, 24), normal(2, dtype, 7, 16));
            for (int begin : new int[] {8, 3}) {
                assertAgrees(
                        "a window that begins at column " + begin,
                        in -> in[0].slice(1, begin, begin + 32, 1).matmul(in[1]),
                        normal(1, dtype, 16, 48),
                        normal(2, dtype, 32, 24));
            }
            assertAgrees(
                    "batched, bias",
                    in -> in[0].linear(in[1], in[2]).gelu(),
                    normal(1, dtype, 3, 5, 40),
                    normal(2, dtype, 24, 40),
                    normal(3, dtype, 24));
            assertAgrees(
                    "heads",
                    in -> in[0].transpose(1, 2).matmul(in[1].transpose(1, 2).transpose(2, 3)),
                    normal(1, dtype, 2, 9, 3, 16),
                    normal(2, dtype, 2, 11, 3, 16));
        }
    }

    /// Large enough for every tile of Hopper's warpgroups, each way round. Other devices have no such tiles: a few
    /// work-groups of theirs tell as much.
    @Test
    void largeMatricesInPieces() {
        boolean tiles = TestDevice.opened().limits().tuning() == DeviceLimits.Vendor.NVIDIA;
        int[][] sizes = tiles ? new int[][] {{2056, 2056, 136}, {1032, 1544, 264}} : new int[][] {{200, 264, 136}};
        for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
            for (int[] s : sizes) {
                Tensor a = normal(1, dtype, s[0], s[2]);
                Tensor b = normal(2, dtype, s[2], s[1]);
                Tensor across = normal(3, dtype, s[2], s[0]);
                Tensor along = normal(4, dtype, s[1], s[2]);
                String what = s[0] + " x " + s[1] + " x " + s[2];
                Device device = TestDevice.required();
                assertAgrees(device, what, in -> in[0].matmul(in[1]), a, b);
                assertAgrees(device, what + ", left across", in -> in[0].t().matmul(in[1]), across, b);
                assertAgrees(device, what + ", right along", in -> in[0].matmul(in[1].t()), a, along);
                assertAgrees(device, what + ", both", in -> in[0].t().matmul(in[1].t()), across, along);
            }
        }
    }

    @Test
    void convolutionsAndTheirGradients() {
        ConvOp.Geometry geometry = ConvOp.Geometry.of(2, 1, 1, 2);
        for (DType dtype : new DType[] {DType.BF16, DType.F32}) {
            Tensor x = normal(1, dtype, 3, 4, 9, 8);
            Tensor w = normal(2, dtype, 6, 2, 3, 3);
            Tensor g = normal(3, dtype, 3, 6, 5, 4);
            assertAgrees("conv2d", in -> in[0].conv2d(in[1], in[2], geometry), x, w, normal(4, dtype, 6));
            assertOp("input gradient", new ConvOp.Conv2dInputGrad(geometry, 9, 8), g, w);
            assertOp("weight gradient", new ConvOp.Conv2dWeightGrad(geometry, 3, 3), g, x);
        }
        assertOp(
                "weight gradient in parts, a long sum",
                new ConvOp.Conv2dWeightGrad(geometry, 3, 3),
                normal(6, DType.BF16, 8, 6, 9, 8),
                normal(5, DType.BF16, 8, 4, 17, 16));
    }

    private static void assertOp(String what, Op op, Tensor... operands) {
        assertAgrees(what, in -> Engine.one(op, in), operands);
    }

    /// An activation behind a TF32 product is applied before the store, as elsewhere.
    @Test
    void epilogues() {
        Tensor x = normal(1, DType.F32, 20, 33);
        Tensor w = normal(2, DType.F32, 11, 33);
        for (int i = 0; i < 4; i++) {
            assertAgrees("linear, gelu", in -> in[0].linear(in[1], null).gelu(), x, w);
        }
    }

    /// Infinities, NaN and numbers below the normal ones go through.
    @Test
    void specialValues() {
        for (DType dtype : TYPES) {
            HostStorage special = HostStorage.allocate(dtype, 4);
            special.setDouble(0, Double.POSITIVE_INFINITY);
            special.setDouble(1, Double.NaN);
            special.setDouble(2, -0.0);
            special.setDouble(3, dtype == DType.F16 ? 0x1p-20 : 0x1p-100);
            Tensor column = Tensor.of(special, 0, Shape.of(4, 1), new int[] {1, 1});
            Tensor one = Tensor.ones(1, 1).to(dtype);
            assertAgrees("special", in -> in[0].matmul(in[1]), column, one);
        }
    }

    /// The same types on a device without: the tiled kernel, and TF32 only where it was asked for.
    @Test
    void onlyWhereTheyAreWanted() {
        if (TestDevice.opened().limits().tuning() != DeviceLimits.Vendor.NVIDIA) {
            assertThat(TestDevice.opened().tensorCores().takes(DType.BF16, () -> true))
                    .isFalse();
        }
        assertThat(WarpProvider.opened().tensorCores().takes(DType.BF16, () -> false))
                .as("proven before")
                .isTrue();
        assertThat(WarpProvider.opened().tensorCores().takes(DType.F64, () -> true))
                .isFalse();
    }
}
