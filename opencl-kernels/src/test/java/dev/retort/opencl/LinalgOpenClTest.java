package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class LinalgOpenClTest {
    @BeforeAll
    static void open() {
        TestDevice.required();
    }

    @Test
    void eigenvaluesWhoseSquaresOverflow() {
        for (Device device : List.of(SmallProvider.DEVICE, TestDevice.required())) {
            Tensor single = Tensor.of(new float[] {2e25f, Float.NaN, 1e25f, 2e25f}, 2, 2); // the lower half is read
            assertThat(single.to(device).eigh().values().mul(1e-25).toDoubles())
                    .containsExactly(new double[] {1, 3}, within(1e-5));
        }
        Tensor wide = Tensor.of(new double[] {2e200, Double.NaN, 1e200, 2e200}, 2, 2);
        assertThat(wide.to(TestDevice.required()).eigh().values().mul(1e-200).toDoubles())
                .containsExactly(new double[] {1, 3}, within(1e-12));
    }
}
