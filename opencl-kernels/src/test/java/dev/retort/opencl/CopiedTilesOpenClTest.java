package dev.retort.opencl;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.Op;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `F32` products whose tiles are copied past the registers, on any device, against the host in `F64`;
/// and the same on the first device, whose tiles are copied if it can.
class CopiedTilesOpenClTest {
    private static final String[] USES = {"MATMUL", "CONVOLUTION"};

    @BeforeAll
    static void open() {
        TestDevice.required();
    }

    @AfterEach
    void asShipped() {
        for (String use : USES) {
            CopyProvider.opened().tiles().remove(use);
        }
    }

    private static void use(String tile) {
        String[] words = tile.split(" ");
        int[] sizes = new int[words.length];
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = Integer.parseInt(words[i]);
        }
        for (String use : USES) {
            CopyProvider.opened().tiles().set(use, sizes);
        }
    }

    private static void assertAgrees(String what, Function<Tensor[], Tensor> product, Tensor... operands) {
        for (Device device : new Device[] {CopyProvider.DEVICE, TestDevice.required()}) {
            Tensor[] there = new Tensor[operands.length];
            Tensor[] host = new Tensor[operands.length];
            for (int i = 0; i < operands.length; i++) {
                there[i] = operands[i].to(device);
                host[i] = operands[i].to(DType.F64);
            }
            Tensor expected = product.apply(host).to(DType.F32);
            Close.assertClose(what + " on " + device, product.apply(there), expected, 1e-5);
        }
    }

    private static void assertOp(String what, Op op, Tensor... operands) {
        assertAgrees(what, in -> Engine.one(op, in), operands);
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), shape);
    }

    @ParameterizedTest
    @ValueSource(strings = {"128 128 16 8 8", "32 64 16 4 4"})
    void matrices(String tile) {
        use(tile);
        int[][] sizes = {{136, 132, 40}, {37, 41, 19}, {3, 130, 16}};
        for (int[] s : sizes) {
            String what = s[0] + " x " + s[1] + " x " + s[2];
            Tensor a = normal(1, s[0], s[2]);
            Tensor b = normal(2, s[2], s[1]);
            Tensor across = normal(3, s[2], s[0]);
            Tensor along = normal(4, s[1], s[2]);
            assertAgrees(what, in -> in[0].matmul(in[1]), a, b);
            assertAgrees(what + ", left across", in -> in[0].t().matmul(in[1]), across, b);
            assertAgrees(what + ", right along", in -> in[0].matmul(in[1].t()), a, along);
            assertAgrees(what + ", both", in -> in[0].t().matmul(in[1].t()), across, along);
        }
        assertAgrees("batched, broadcast", in -> in[0].matmul(in[1]), normal(1, 3, 1, 20, 35), normal(2, 2, 35, 36));
        assertAgrees(
                "windows that begin at a piece and at none",
                in -> in[0].slice(1, 3, 35, 1).matmul(in[1].slice(1, 4, 24, 1)),
                normal(1, 24, 40),
                normal(2, 32, 28));
        assertAgrees(
                "both stepped",
                in -> in[0].slice(1, 1, 30, 3).matmul(in[1].slice(0, 0, 20, 2)),
                normal(3, 20, 35),
                normal(4, 20, 8));
        assertAgrees(
                "linear",
                in -> in[0].linear(in[1], in[2]).gelu(),
                normal(5, 2, 9, 33),
                normal(6, 12, 33),
                normal(7, 12));
    }

    /// A single tile, and so many products of 0 and 1 that they are summed in parts, exactly.
    @Test
    void aLongSumInParts() {
        Tensor a = normal(1, 24, 150_001).gt(Tensor.scalar(0f)).to(DType.F32);
        Tensor b = normal(2, 150_001, 20).gt(Tensor.scalar(0f)).to(DType.F32);
        assertAgrees("in parts", in -> in[0].matmul(in[1]), a, b);
        Tensor across = a.t().copy();
        assertAgrees(
                "in parts, left across, read by a chain",
                in -> in[0].t().matmul(in[1]).mul(2).relu(),
                across,
                b);
    }

    /// Every position of the input belongs to a phase, also to one that no tap of the kernel meets.
    @ParameterizedTest
    @CsvSource({"1, 1, 2, 2, 0", "1, 1, 1, 3, 0", "3, 3, 2, 2, 1", "2, 3, 3, 2, 1", "7, 5, 2, 3, 2", "1, 3, 1, 2, 0"})
    void phasesOfStrides(int kernelH, int kernelW, int strideH, int strideW, int pad) {
        for (int side : new int[] {8, 9, 11}) {
            ConvOp.Geometry g = new ConvOp.Geometry(strideH, strideW, pad, pad, 1, 1, 2);
            int height = (side + 2 * pad - kernelH) / strideH + 1;
            int width = (side + 2 * pad - kernelW) / strideW + 1;
            Tensor gradient = normal(1, 3, 6, height, width);
            Tensor w = normal(2, 6, 4, kernelH, kernelW);
            assertOp("side " + side, new ConvOp.Conv2dInputGrad(g, side, side), gradient, w);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"64 128 16 4 8"})
    void convolutions(String tile) {
        use(tile);
        ConvOp.Geometry strided = ConvOp.Geometry.of(2, 1, 1, 2);
        Tensor x = normal(1, 3, 4, 9, 8);
        Tensor w = normal(2, 6, 2, 3, 3);
        Tensor g = normal(3, 3, 6, 5, 4);
        assertAgrees("conv2d", in -> in[0].conv2d(in[1], in[2], strided), x, w, normal(4, 6));
        assertOp("input gradient", new ConvOp.Conv2dInputGrad(strided, 9, 8), g, w);
        assertOp("weight gradient", new ConvOp.Conv2dWeightGrad(strided, 3, 3), g, x);

        for (int side : new int[] {6, 7}) { // planes in whole pieces, and not
            ConvOp.Geometry plain = ConvOp.Geometry.of(1, 0);
            Tensor images = normal(5, 5, 12, side, side);
            Tensor gradient = normal(7, 5, 20, side, side);
            for (int channels : new int[] {12, 9}) {
                Tensor some = images.slice(1, 0, channels, 1).copy();
                Tensor weight = normal(6, 20, channels, 1, 1);
                String what = "1 x 1, " + channels + " channels of side " + side;
                assertAgrees(what, in -> in[0].conv2d(in[1], null, plain), some, weight);
                assertOp(what + ", input", new ConvOp.Conv2dInputGrad(plain, side, side), gradient, weight);
                assertOp(what + ", weight", new ConvOp.Conv2dWeightGrad(plain, 1, 1), gradient, some);
            }
        }
    }
}
