package dev.retort.opencl;

import org.junit.jupiter.api.Nested;

/// The catalogue on the device but for its element-wise half, which is [CatalogOfElementsOpenClTest].
class CatalogOpenClTest {
    @Nested
    class Results extends ResultsOnDevice {
        Results() {
            super(CatalogOfElementsOpenClTest.ELEMENTWISE.negate());
        }
    }

    @Nested
    class Gradients extends GradientsOnDevice {
        Gradients() {
            super(CatalogOfElementsOpenClTest.ELEMENTWISE.negate());
        }
    }
}
