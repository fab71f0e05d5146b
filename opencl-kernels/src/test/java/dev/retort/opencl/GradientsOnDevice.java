package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.OpCatalog;
import dev.retort.tensor.catalog.OpSpec;
import dev.retort.tensor.catalog.Sample;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Gradients of every op of some families on the device against the CPU's in `F64`, generated from the catalogue.
abstract class GradientsOnDevice {
    private static Device device;

    private final Predicate<OpSpec> mine;

    GradientsOnDevice(Predicate<OpSpec> mine) {
        this.mine = mine;
    }

    @BeforeAll
    static void open() {
        device = TestDevice.required();
    }

    @TestFactory
    Stream<DynamicTest> singlePrecision() {
        return each(DType.F32, 2e-4);
    }

    @TestFactory
    Stream<DynamicTest> doublePrecision() {
        return each(DType.F64, 1e-11);
    }

    private Stream<DynamicTest> each(DType dtype, double tolerance) {
        return OpCatalog.all().stream()
                .filter(mine)
                .filter(OpSpec::hasGradient)
                .map(spec -> dynamicTest(spec.name(), () -> {
                    for (Sample sample : spec.samples()) {
                        if (sample.kind() == Sample.Kind.REGULAR) {
                            double[][] expected = gradients(sample, sample.inputs(), Device.CPU);
                            double[][] actual = gradients(sample, sample.inputs(dtype), device);
                            assertNear(spec.name() + ", " + sample, actual, expected, tolerance);
                        }
                    }
                }));
    }

    /// Gradients of the inputs, the first result weighted with random numbers.
    private static double[][] gradients(Sample sample, Tensor[] inputs, Device where) {
        Tensor[] leaves = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            leaves[i] = inputs[i].detach().to(where);
            if (inputs[i].dtype().isFloating()) {
                leaves[i].requiresGrad(true);
            }
        }
        List<Tensor> roots =
                Arrays.stream(sample.run(leaves)).filter(Tensor::requiresGrad).toList();
        Tensor root = roots.getFirst();
        Tensor weights = Random.normal(new Rng(9), 0, 1, DType.F64, root.shape().dims());
        Autograd.backward(
                root,
                GradOptions.defaults().withGradOutputs(weights.to(root.dtype()).to(where)));
        double[][] gradients = new double[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            Tensor g = leaves[i].grad();
            gradients[i] = g == null ? new double[0] : g.toDoubles();
            assertThat(g == null || g.device().equals(where)).isTrue();
        }
        return gradients;
    }

    private static void assertNear(String what, double[][] actual, double[][] expected, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            double scale = Arrays.stream(expected[i]).map(Math::abs).max().orElse(0);
            assertThat(actual[i]).as(what + ", input " + i).hasSameSizeAs(expected[i]);
            for (int e = 0; e < expected[i].length; e++) {
                double error = Math.abs(actual[i][e] - expected[i][e]);
                if (!(error <= tolerance * (scale + Math.abs(expected[i][e])))) {
                    fail("%s, input %d, element %d: got %s, expected %s", what, i, e, actual[i][e], expected[i][e]);
                }
            }
        }
    }
}
