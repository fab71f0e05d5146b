package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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

        assertThat(providers).extracting(BackendProvider::type).containsExactly("opencl");
    }

    /// PoCL is among the packages that the test command installs, so a device must be there.
    @Test
    void listsTheDevicesOfTheRuntime() {
        List<OpenClDevices.Description> devices = OpenClDevices.find();

        assertThat(devices)
                .as("OpenCL devices (apt-get install pocl-opencl-icd)")
                .isNotEmpty();
        assertThat(devices).allSatisfy(device -> {
            assertThat(device.name()).isNotBlank();
            assertThat(device.version()).startsWith("OpenCL");
            assertThat(device.computeUnits()).isPositive();
            assertThat(device.memoryBytes()).isPositive();
        });
        assertThat(new OpenClProvider().status()).contains(devices.getFirst().name());
    }

    @Test
    void aRequestForADeviceWithoutBackendSaysWhatWasFound() {
        assertThatThrownBy(() -> Backends.of(new Device("opencl", 0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("device opencl:0: not available")
                .hasMessageContaining("opencl: ");
    }
}
