package dev.retort.opencl.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What no compiler at hand complains about.
class KernelTextTest {
    private static final Path KERNELS = Path.of("src/main/resources/dev/retort/opencl/kernels");

    /// OpenCL C has no macros with any number of arguments; PoCL takes them, NVIDIA's compiler does not.
    @Test
    void noKernelHasAVariadicMacro() throws IOException {
        try (Stream<Path> files = Files.list(KERNELS)) {
            assertThat(files)
                    .hasSizeGreaterThan(20)
                    .allSatisfy(
                            file -> assertThat(file).content().doesNotContainPattern("#define \\w+\\([^)]*\\.\\.\\."));
        }
    }
}
