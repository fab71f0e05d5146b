package dev.retort.opencl;

import dev.retort.tensor.catalog.OpSpec;
import dev.retort.tensor.op.ElementwiseOp;
import java.util.function.Predicate;
import org.junit.jupiter.api.Nested;

/// The element-wise half of the catalogue on the device; [CatalogOpenClTest] has the other families. Results and
/// gradients of a family use the same kernels, so one process tests both, and two processes compile few kernels twice.
class CatalogOfElementsOpenClTest {
    /// Whether an op belongs to this half.
    static final Predicate<OpSpec> ELEMENTWISE = spec -> ElementwiseOp.class.isAssignableFrom(spec.type());

    @Nested
    class Results extends ResultsOnDevice {
        Results() {
            super(ELEMENTWISE);
        }
    }

    @Nested
    class Gradients extends GradientsOnDevice {
        Gradients() {
            super(ELEMENTWISE);
        }
    }
}
