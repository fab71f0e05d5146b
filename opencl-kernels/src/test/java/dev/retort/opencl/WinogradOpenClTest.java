package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.op.ConvOp;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Winograd's way, switched on, against direct sums in `F64` on the host.
class WinogradOpenClTest {
    private static final String PROPERTY = "dev.retort.opencl.winograd";
    private static final double TOLERANCE = 3e-5;

    private ClDevice device;

    @BeforeEach
    void on() {
        device = TestDevice.opened();
        System.setProperty(PROPERTY, "on");
    }

    @AfterEach
    void off() {
        System.clearProperty(PROPERTY);
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), shape);
    }

    private void assertAgrees(ConvOp op, Tensor... operands) {
        Tensor[] there = new Tensor[operands.length];
        Tensor[] host = new Tensor[operands.length];
        for (int i = 0; i < operands.length; i++) {
            there[i] = operands[i].to(device.name());
            host[i] = operands[i].to(DType.F64);
        }
        device.finish();
        long before = device.launches();
        Tensor actual = Engine.one(op, there);
        device.finish();
        assertThat(device.launches() - before)
                .as("two transforms, a product, one back")
                .isEqualTo(4);
        Close.assertClose(op.toString(), actual, Engine.one(op, host).to(DType.F32), TOLERANCE);
    }

    @Test
    void forwardAndInputGradient() {
        int[][] planes = {{6, 8}, {7, 5}, {3, 3}, {1, 4}};
        for (int padding = 0; padding <= 2; padding++) {
            ConvOp.Geometry g = ConvOp.Geometry.of(1, padding);
            for (int[] plane : planes) {
                int height = g.outH(plane[0], 3);
                int width = g.outW(plane[1], 3);
                if (height < 1 || width < 1) {
                    continue;
                }
                Tensor x = normal(1, 2, 17, plane[0], plane[1]);
                Tensor w = normal(2, 18, 17, 3, 3);
                assertAgrees(new ConvOp.Conv2d(g), x, w, normal(3, 18));
                assertAgrees(new ConvOp.Conv2d(g), x, w);
                assertAgrees(new ConvOp.Conv2dInputGrad(g, plane[0], plane[1]), normal(4, 2, 18, height, width), w);
            }
        }
    }

    /// Another stride, kernel, type or number of channels goes the direct way.
    @Test
    void othersAreDirect() {
        Tensor x = normal(1, 1, 16, 6, 6).to(device.name());
        Tensor w = normal(2, 16, 16, 3, 3).to(device.name());
        assertThat(launches(ConvOp.Geometry.of(1, 1), x, w)).isEqualTo(4);
        assertThat(launches(ConvOp.Geometry.of(2, 1), x, w)).isEqualTo(1);
        assertThat(launches(ConvOp.Geometry.of(1, 1, 2, 1), x, w)).isEqualTo(1);
        assertThat(launches(ConvOp.Geometry.of(1, 0), x, normal(2, 16, 16, 1, 1).to(device.name())))
                .isEqualTo(1);
        assertThat(launches(ConvOp.Geometry.of(1, 1), x, normal(2, 4, 16, 3, 3).to(device.name())))
                .isEqualTo(1);
        System.setProperty(PROPERTY, "off");
        assertThat(launches(ConvOp.Geometry.of(1, 1), x, w)).isEqualTo(1);
    }

    private long launches(ConvOp.Geometry geometry, Tensor x, Tensor w) {
        device.finish();
        long before = device.launches();
        Tensor y = x.conv2d(w, null, geometry);
        device.finish();
        assertThat(y.rank()).isEqualTo(4);
        return device.launches() - before;
    }
}
