package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.opencl.runtime.ClDevice;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Element-wise ops that become one kernel: the values are those of the ops one by one, and nothing that
/// happens in between changes them.
class ChainOpenClTest {
    private static ClDevice device;

    @BeforeAll
    static void open() {
        device = TestDevice.opened();
    }

    private static Tensor[] inputs(DType dtype, Device where) {
        Rng rng = new Rng(4);
        return new Tensor[] {
            Random.normal(rng, 3, 4, 5).to(dtype).to(where),
            Random.normal(rng, 5, 4, 3).to(dtype).to(where).permute(2, 1, 0),
            Random.normal(rng, 4, 1).to(dtype).to(where),
            Random.normal(rng, 3, 4, 10).to(dtype).to(where).slice(2, 1, 10, 2),
            Tensor.scalar(dtype, 0.7).to(where)
        };
    }

    /// Checks the values against the CPU and returns the number of launches, those of a first run
    /// excluded.
    private static long launches(DType dtype, double tolerance, UnaryOperator<Tensor[]> chain) {
        double[] expected = chain.apply(inputs(dtype, Device.CPU))[0].toDoubles();
        Tensor[] in = inputs(dtype, device.name());
        double[] oneByOne = chain.apply(in)[0].toDoubles();
        chain.apply(in)[0].toDoubles();
        device.settle();
        long before = device.launches();
        double[] actual = chain.apply(in)[0].toDoubles();
        long launches = device.launches() - before;
        assertThat(actual)
                .as("the first time no kernel was worth its compilation")
                .containsExactly(oneByOne);
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("element " + i).isCloseTo(expected[i], within(tolerance));
        }
        return launches - (dtype == DType.F64 ? 0 : 1); // the cast for reading
    }

    private static double tolerance(DType dtype) {
        return switch (dtype) {
            case F64 -> 1e-14;
            case F16 -> 0.02;
            case BF16 -> 0.15;
            default -> 1e-5;
        };
    }

    private static Tensor[] one(Tensor result) {
        return new Tensor[] {result};
    }

    @Test
    void opsOneAfterTheOtherAreOneLaunch() {
        for (DType dtype : new DType[] {DType.F32, DType.F64, DType.F16, DType.BF16}) {
            double tolerance = tolerance(dtype);
            assertThat(launches(dtype, tolerance, x -> one(x[0].silu().mul(x[1]))))
                    .isEqualTo(1);
            assertThat(launches(
                            dtype,
                            tolerance,
                            x -> one(x[0].mul(x[2]).add(x[3]).tanh().add(x[4]).mul(x[0]))))
                    .isEqualTo(1);
            assertThat(launches(dtype, tolerance, x -> one(x[0].mul(x[0]).add(x[0]))))
                    .isEqualTo(1);
            assertThat(launches(dtype, tolerance, x -> {
                        Tensor twice = x[0].exp();
                        return one(twice.mul(x[1]).add(twice).div(twice.add(1.5)));
                    }))
                    .isEqualTo(1);
            assertThat(launches(
                            dtype,
                            tolerance,
                            x -> one(x[0].add(0.5).mul(2.0).clamp(-1, 1.5).leakyRelu(0.1))))
                    .isEqualTo(1);
        }
    }

    @Test
    void kernelsAreWrittenInAsciiDigitsInEveryLocale() {
        Locale usual = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG")); // whose %d gives other digits
        try {
            assertThat(launches(
                            DType.F32,
                            1e-5,
                            x -> one(x[0].mul(x[1]).clamp(-1, 1.25).tanh().sub(x[1]))))
                    .isEqualTo(1);
        } finally {
            Locale.setDefault(usual);
        }
    }

    @Test
    void aResultOfAnotherShapeIsComputedFirst() {
        assertThat(launches(DType.F32, 1e-5, x -> one(x[2].exp().mul(x[0]))))
                .as("a broadcast operand is computed once an element of its own")
                .isEqualTo(2);
        assertThat(launches(
                        DType.F32, 1e-5, x -> one(x[0].exp().permute(2, 1, 0).add(1.0))))
                .isEqualTo(2);
    }

    @Test
    void longChainsAreCut() {
        UnaryOperator<Tensor[]> many = x -> {
            Tensor y = x[0];
            for (int i = 0; i < 40; i++) {
                y = y.mul(0.9).add(x[1]).tanh();
            }
            return one(y);
        };
        assertThat(launches(DType.F32, 1e-4, many)).isBetween(8L, 10L);
        UnaryOperator<Tensor[]> wide = x -> {
            Tensor y = x[0];
            for (int i = 0; i < 4; i++) {
                y = y.add(x[0].narrow(2, i, 1)).mul(x[1].narrow(1, i, 1));
            }
            return one(y);
        };
        assertThat(launches(DType.F32, 1e-5, wide)).isEqualTo(2);
    }

    /// Powers of two would be 2^30 ops if every op were taken up as often as it is used.
    @Test
    void sharedOpsDoNotMultiply() {
        Tensor x = Tensor.ones(4).mul(0.5).to(device.name());
        long before = device.launches();
        Tensor y = x;
        for (int i = 0; i < 30; i++) {
            y = y.add(y).mul(0.5);
        }
        assertThat(y.toDoubles()).containsOnly(0.5);
        assertThat(device.launches() - before).isLessThan(70);
    }

    @Test
    void anOperandThatIsWrittenLaterIsReadFirst() {
        Tensor x = Tensor.of(new float[] {1, 2, 3}).to(device.name());
        Tensor before = x.mul(10.0).add(1.0);
        x.update(new UpdateOp.Fill(7));
        Tensor after = x.mul(10.0);
        x.update(new UpdateOp.SgdStep(1, 0, 0, 0, false, true), Tensor.ones(3).to(device.name()));

        assertThat(before.toDoubles()).containsExactly(11, 21, 31);
        assertThat(after.toDoubles()).containsExactly(70, 70, 70);
        assertThat(x.mul(10.0).toDoubles()).containsExactly(60, 60, 60);
    }

    @Test
    void whatWaitsIsAlsoWrittenInPlace() {
        Tensor x = Tensor.of(new float[] {1, 2, 3}).to(device.name());
        Tensor doubled = x.mul(2.0);
        Tensor plus = doubled.add(1.0);
        doubled.update(new UpdateOp.Scale(100));

        assertThat(doubled.toDoubles()).containsExactly(200, 400, 600);
        assertThat(plus.toDoubles()).containsExactly(3, 5, 7);
        assertThat(x.toDoubles()).containsExactly(1, 2, 3);
    }

    @Test
    void anOperandThatIsGivenBackIsKeptForWhatWaits() {
        Tensor host = Random.normal(new Rng(1), 100_000);
        double[] expected = host.square().add(1.0).toDoubles();
        Tensor x = host.to(device.name());
        long live = TestDevice.settled(device); // or what other tests left would come back meanwhile
        Tensor inner = x.square();
        Tensor pending = inner.add(1.0);
        inner.storage().release();
        x.storage().release();
        assertThat(device.memory().usage().live()).as("still needed").isGreaterThanOrEqualTo(live);
        assertThatThrownBy(() -> x.sum().item()).isInstanceOf(OpException.class).hasMessageContaining("given back");
        assertThat(pending.sum().item()).isPositive();
        assertThat(device.memory().usage().live()).as("pending instead of x").isLessThan(live + 100_000);

        assertThat(pending.toDoubles()).containsExactly(expected, within(1e-5));
    }

    @Test
    void whatNobodyReadsIsNeverComputed() {
        Tensor x = Random.normal(new Rng(1), 100_000).to(device.name());
        long live = TestDevice.settled(device); // or what other tests left would come back meanwhile
        long before = device.launches();
        Tensor inner = x.exp();
        Tensor pending = inner.mul(2.0);
        inner.storage().release();
        pending.storage().release();
        x.storage().release();

        assertThat(device.launches()).isEqualTo(before);
        assertThat(device.memory().usage().live()).isLessThan(live);
        assertThatThrownBy(pending::toDoubles).isInstanceOf(OpException.class).hasMessageContaining("given back");
    }

    @Test
    void gradientsOfChainsAreChains() {
        Tensor x = Random.normal(new Rng(1), 50).to(device.name()).requiresGrad(true);
        Tensor w = Random.normal(new Rng(2), 50).to(device.name());
        Tensor cpu = x.detach().to(Device.CPU).requiresGrad(true);
        cpu.silu().mul(w.to(Device.CPU)).tanh().sum().backward();
        for (int i = 0; i < 2; i++) {
            Tensor again = x.detach().requiresGrad(true);
            again.silu().mul(w).tanh().sum().backward();
            Tensor known = again.grad();
            assertThat(known).isNotNull();
            assertThat(known.toDoubles()).hasSize(50);
        }
        Tensor loss = x.silu().mul(w).tanh().sum();
        device.settle();
        long before = device.launches();
        loss.backward();
        Tensor gradient = x.grad();
        assertThat(gradient).isNotNull();
        Tensor expected = cpu.grad();
        assertThat(expected).isNotNull();
        assertThat(gradient.toDoubles()).containsExactly(expected.toDoubles(), within(1e-5));
        assertThat(device.launches() - before)
                .as("a fill, a chain, a cast, and a copy at most")
                .isLessThanOrEqualTo(4);
    }
}
