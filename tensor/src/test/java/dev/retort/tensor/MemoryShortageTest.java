package dev.retort.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// Arrays far larger than the heap of a test are refused by the JVM without any filling of it.
class MemoryShortageTest {
    @Test
    void anOpNamesItselfItsTypesAndTheirSizes() {
        Tensor wide = Tensor.zeros(DType.F64, 1, 1).expand(40_000, 50_000);
        assertThatThrownBy(wide::neg)
                .isInstanceOf(MemoryShortage.class)
                .hasMessageStartingWith(
                        "neg: of F64[40000, 50000] (15,258 MiB), for results F64[40000, 50000] (15,258 MiB): ")
                .hasCauseInstanceOf(OutOfMemoryError.class);
    }

    @Test
    void anOpNamesItselfBesideTheBufferThatFailed() {
        Tensor wide = Tensor.zeros(DType.F64, 1, 1).expand(40_000, 50_000);
        assertThatThrownBy(() -> wide.to(DType.I64))
                .isInstanceOf(MemoryShortage.class)
                .hasMessageMatching("(?s)\\w+: of F64\\[40000, 50000].*: tensor: \\w+ of 2,000,000,000 elements.*");
    }

    @Test
    void aBufferNamesItsSize() {
        assertThatThrownBy(() -> HostStorage.allocate(DType.F64, 2_000_000_000))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessageStartingWith("tensor: F64 of 2,000,000,000 elements (15,258 MiB): ");
    }
}
