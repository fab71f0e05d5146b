package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.catalog.OpCatalog;
import dev.retort.tensor.catalog.OpSpec;
import dev.retort.tensor.catalog.Sample;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// An op of each kernel file that works in groups, on a device whose groups have 32 work-items and 16
/// KiB: sizes of groups and tiles are chosen, not assumed.
class SmallDeviceOpenClTest {
    private static final Set<String> SOME = Set.of(
            "add",
            "sum",
            "var",
            "softmax",
            "sort/ascending",
            "mat_mul",
            "linear",
            "cholesky",
            "svd",
            "conv2d",
            "conv2d_weight_grad",
            "max_pool2d",
            "layer_norm",
            "batch_norm",
            "batch_norm_backward",
            "attention",
            "cross_entropy",
            "dropout",
            "adam_step");

    /// Ops that take another way where lines are few and long, which for a graphics card they are in
    /// the catalogue.
    private static final Set<String> LARGE = Set.of("cum_sum", "scatter", "scatter_add", "max_pool2d_backward");

    @BeforeAll
    static void open() {
        TestDevice.required();
    }

    @TestFactory
    Stream<DynamicTest> agreesWithTheCpu() {
        return OpCatalog.all().stream()
                .filter(spec -> SOME.contains(spec.name()) || LARGE.contains(spec.name()))
                .map(spec -> dynamicTest(spec.name(), () -> {
                    for (Sample sample : spec.samples()) {
                        if (sample.kind() == Sample.Kind.REGULAR || LARGE.contains(spec.name())) {
                            assertAgrees(spec, sample);
                        }
                    }
                }));
    }

    private static void assertAgrees(OpSpec spec, Sample sample) {
        Tensor[] in = sample.inputs(DType.F32);
        Tensor[] wide = new Tensor[in.length];
        for (int i = 0; i < in.length; i++) {
            wide[i] = in[i].dtype().isFloating() ? in[i].to(DType.F64) : in[i];
            in[i] = in[i].to(SmallProvider.DEVICE);
        }
        Tensor[] actual = sample.run(in);
        Tensor[] expected = sample.run(wide);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i].device()).isEqualTo(SmallProvider.DEVICE);
            Tensor rounded = expected[i].to(actual[i].dtype());
            Close.assertClose(
                    spec.name() + ", " + sample + ", result " + i,
                    actual[i],
                    rounded,
                    actual[i].dtype().isFloating() ? 2 * spec.tolerance(Close.eps(DType.F32)) : 0);
        }
    }
}
