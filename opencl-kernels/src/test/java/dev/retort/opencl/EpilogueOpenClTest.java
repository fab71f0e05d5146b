package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Element-wise ops behind a product: one launch for all, with the bits of the ops one by one.
class EpilogueOpenClTest {
    private static ClDevice device;

    @BeforeAll
    static void open() {
        device = TestDevice.opened();
    }

    /// x [2, 3, 5], w [4, 5], b [4], r [2, 3, 4], images [2, 3, 6, 7], kernels [4, 3, 3, 3], square [5, 5]
    private static Tensor[] inputs(Device where) {
        Rng rng = new Rng(4);
        return new Tensor[] {
            Random.normal(rng, 2, 3, 5).to(where),
            Random.normal(rng, 4, 5).to(where),
            Random.normal(rng, 4).to(where),
            Random.normal(rng, 2, 3, 4).to(where),
            Random.normal(rng, 2, 3, 6, 7).to(where),
            Random.normal(rng, 4, 3, 3, 3).to(where),
            Random.normal(rng, 5, 5).to(where)
        };
    }

    /// Checks the values against the CPU, and that they are the same before the ops become one kernel; returns the
    /// launches of a later run.
    private static long launches(UnaryOperator<Tensor[]> ops) {
        Tensor[] expected = ops.apply(inputs(Device.CPU));
        Tensor[] in = inputs(device.name());
        double[][] oneByOne = read(ops.apply(in));
        read(ops.apply(in));
        read(ops.apply(in));
        device.finish();
        long before = device.launches();
        Tensor[] results = ops.apply(in);
        for (Tensor result : results) {
            result.select(0, 0).sum(); // reads it on the device
        }
        long launches = device.launches() - before - results.length;
        double[][] actual = read(results);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).containsExactly(expected[i].toDoubles(), within(2e-5));
            assertThat(actual[i]).as("the same bits as one by one").containsExactly(oneByOne[i]);
        }
        return launches;
    }

    private static double[][] read(Tensor... tensors) {
        double[][] all = new double[tensors.length][];
        for (int i = 0; i < all.length; i++) {
            all[i] = tensors[i].toDoubles();
        }
        return all;
    }

    private static Tensor[] of(Tensor... results) {
        return results;
    }

    private static final ConvOp.Geometry SAME = ConvOp.Geometry.of(1, 1);

    @Test
    void activationsAndResidualsAreAppliedBeforeTheStore() {
        assertThat(launches(in -> of(in[0].linear(in[1], in[2]).gelu()))).isEqualTo(1);
        assertThat(launches(in -> of(in[0].linear(in[1], in[2]).relu().add(in[3]))))
                .isEqualTo(1);
        assertThat(launches(in -> of(in[0].linear(in[1], null).mul(in[2]).silu())))
                .isEqualTo(1);
        assertThat(launches(in -> of(in[6].matmul(in[6].t()).mul(0.5).add(in[6].t()))))
                .isEqualTo(1);
        assertThat(launches(in -> of(in[4].conv2d(in[5], in[2], SAME).relu()))).isEqualTo(1);
    }

    /// Backward reads what was before the activation: the same launch stores it.
    @Test
    void theProductItselfIsKeptForOthers() {
        assertThat(launches(in -> {
                    Tensor y = in[0].linear(in[1], in[2]);
                    return of(y.gelu(), y);
                }))
                .isEqualTo(1);
    }

    @Test
    void aProductThatWasGivenBackIsNotStored() {
        Tensor x = Random.normal(new Rng(1), 400, 8).to(device.name());
        Tensor w = Random.normal(new Rng(2), 250, 8).to(device.name());
        double expected = x.linear(w, null).gelu().sum().item();
        for (int i = 0; i < 5; i++) {
            TestDevice.settled(device); // or what other tests left would come back meanwhile
            long live = device.memory().usage().live();
            Tensor y = x.linear(w, null);
            Tensor z = y.gelu();
            y.storage().release();
            assertThat(device.memory().usage().live())
                    .as("nothing is computed yet")
                    .isEqualTo(live);
            assertThat(z.sum().item()).isEqualTo(expected);
            assertThat(device.memory().usage().live() - live)
                    .as("one result of 400,000 bytes, and not the other")
                    .isBetween(400_000L, 600_000L);
            z.storage().release();
        }
    }

    /// Two chains wait for one product that was given back meanwhile: the first one stores it for the second.
    @Test
    void aProductThatTwoReadIsStoredForTheOther() {
        Tensor x = Random.normal(new Rng(1), 30, 30).to(device.name());
        double[] expected = x.matmul(x).gelu().toDoubles();
        for (int i = 0; i < 5; i++) {
            Tensor y = x.matmul(x);
            Tensor first = y.gelu();
            Tensor second = y.gelu();
            Tensor third = y.mul(2.0);
            y.storage().release();
            assertThat(first.toDoubles()).isEqualTo(expected);
            assertThat(second.toDoubles()).isEqualTo(expected);
            assertThat(third.sum().item()).isNotNaN();
        }
    }

    @Test
    void ofTwoProductsOneHasTheEpilogue() {
        assertThat(launches(in ->
                        of(in[0].linear(in[1], in[2]).add(in[0].mul(2.0).linear(in[1], null)))))
                .as("two products, and the scaled operand of one")
                .isEqualTo(3);
    }

    /// An element of the result needs another element of the product.
    @Test
    void anotherOrderIsComputedAfterwards() {
        assertThat(launches(in -> {
                    Tensor y = in[6].matmul(in[6]);
                    return of(y.add(y.t()));
                }))
                .isEqualTo(2);
        assertThat(launches(in -> {
                    Tensor y = in[6].matmul(in[6]);
                    return of(y.narrow(0, 1, 1).mul(in[6]));
                }))
                .isEqualTo(2);
    }

    @Test
    void anOperandThatIsWrittenLaterIsReadFirst() {
        Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).to(device.name());
        for (int i = 0; i < 4; i++) {
            x.update(new UpdateOp.Fill(1));
            Tensor y = x.matmul(x);
            Tensor z = y.mul(3.0);
            x.update(new UpdateOp.Fill(7));
            y.update(new UpdateOp.Scale(10));

            assertThat(z.toDoubles()).containsOnly(6);
            assertThat(y.toDoubles()).containsOnly(20);
        }
    }

    @Test
    void aProductThatNobodyReadsIsComputedAtTheEndOrNever() {
        Tensor x = Random.normal(new Rng(1), 8, 8).to(device.name());
        device.finish();
        long before = device.launches();
        Tensor y = x.matmul(x);
        assertThat(device.launches()).isEqualTo(before);
        device.finish();
        assertThat(device.launches()).isEqualTo(before + 1);
        Tensor gone = x.matmul(x);
        gone.storage().release();
        device.finish();
        assertThat(device.launches()).isEqualTo(before + 1);
        for (int i = 0; i < 5; i++) {
            y = x.matmul(y);
        }
        assertThat(device.launches()).as("all but the last wait for nothing").isEqualTo(before + 5);
    }

    /// Gradients through a fused forward, with what they need kept.
    @Test
    void gradientsAreThoseOfTheHost() {
        double[] expected = gradient(Device.CPU);
        for (int i = 0; i < 5; i++) {
            assertThat(gradient(device.name())).containsExactly(expected, within(2e-5));
        }
    }

    private static double[] gradient(Device where) {
        Tensor[] in = inputs(where);
        in[1].requiresGrad(true);
        Tensor h = in[0].linear(in[1], in[2]).gelu();
        Tensor loss = h.add(in[3]).linear(in[3].select(0, 0), null).silu().sum();
        loss.backward();
        Tensor gradient = in[1].grad();
        assertThat(gradient).isNotNull();
        return gradient.toDoubles();
    }

    @Test
    void otherTypesHaveThemToo() {
        for (DType dtype : new DType[] {DType.F64, DType.BF16}) {
            Tensor there = Random.normal(new Rng(1), 9, 9).to(dtype).to(device.name());
            double[] expected = there.matmul(there).tanh().add(there).toDoubles();
            long launches = 0;
            for (int i = 0; i < 4; i++) {
                device.finish();
                long before = device.launches();
                Tensor y = there.matmul(there).tanh().add(there);
                y.select(0, 0).sum();
                launches = device.launches() - before;
                assertThat(y.toDoubles()).as("the bits of one by one").isEqualTo(expected);
            }
            assertThat(launches).as("the product and the sum").isEqualTo(2);
        }
    }
}
