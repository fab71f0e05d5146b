package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.tensor.Backends;
import dev.retort.tensor.Device;
import dev.retort.tensor.OpException;
import dev.retort.tensor.spi.BackendProvider;
import java.util.List;
import org.junit.jupiter.api.Test;

class OpenClProviderTest {
    @Test
    void isFoundAsAService() {
        List<BackendProvider> providers = Backends.providers();

        assertThat(providers).extracting(BackendProvider::type).containsOnlyOnce("opencl");
    }

    @Test
    void describesTheDevice() {
        DeviceLimits limits = TestDevice.opened().limits();

        assertThat(limits.name()).isNotBlank();
        assertThat(limits.version()).startsWith("OpenCL");
        assertThat(limits.computeUnits()).isPositive();
        assertThat(limits.memoryBytes()).isPositive();
        assertThat(new OpenClProvider().status()).contains(limits.name());
    }

    @Test
    void aRequestForADeviceThatIsNotThereSaysWhatWasFound() {
        assertThatThrownBy(() -> Backends.of(new Device("opencl", 99)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("device opencl:99: not available")
                .hasMessageContaining("opencl: ");
    }
}
