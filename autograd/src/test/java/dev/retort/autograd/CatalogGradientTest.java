package dev.retort.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.autograd.vjp.Rule;
import dev.retort.autograd.vjp.VjpRules;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Layout;
import dev.retort.tensor.catalog.OpCatalog;
import dev.retort.tensor.catalog.OpSpec;
import dev.retort.tensor.catalog.Sample;
import dev.retort.tensor.op.ElementwiseOp;
import dev.retort.tensor.op.Fused;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.NonDifferentiable;
import dev.retort.tensor.op.Op;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Gradient tests of every differentiable op, generated from the op catalogue.
class CatalogGradientTest {
    private static final int SAMPLES = 40;

    private static Stream<DynamicTest> each(Predicate<OpSpec> which, BiConsumer<OpSpec, Sample> check) {
        return OpCatalog.all().stream()
                .filter(which)
                .map(spec -> dynamicTest(
                        spec.name(),
                        () -> spec.samples().stream()
                                .filter(sample -> sample.kind() == Sample.Kind.REGULAR)
                                .forEach(sample -> check.accept(spec, sample))));
    }

    private static String what(OpSpec spec, Sample sample) {
        return spec.name() + " (" + sample + ")";
    }

    /// All floating results. Symmetric matrices are read from one triangle, so single elements must not
    /// be perturbed: the function symmetrises.
    private static UnaryOperator<Tensor[]> function(Sample sample) {
        boolean symmetric = sample.op() instanceof LinalgOp.Cholesky || sample.op() instanceof LinalgOp.Eigh;
        return in -> {
            Tensor[] inputs = in.clone();
            if (symmetric) {
                inputs[0] = in[0].add(in[0].transpose(-1, -2)).mul(0.5);
            }
            return Arrays.stream(sample.run(inputs))
                    .filter(t -> t.dtype().isFloating())
                    .toArray(Tensor[]::new);
        };
    }

    @TestFactory
    Stream<DynamicTest> firstOrder() {
        return each(
                OpSpec::hasGradient,
                (spec, sample) -> GradCheck.defaults()
                        .withSamples(SAMPLES)
                        .firstOrder(what(spec, sample), function(sample), sample.inputs())
                        .verify());
    }

    @TestFactory
    Stream<DynamicTest> secondOrder() {
        return each(
                OpSpec::hasGradient,
                (spec, sample) -> GradCheck.defaults()
                        .withSamples(SAMPLES)
                        .withTolerance(1e-5, 1e-6)
                        .secondOrder(what(spec, sample), function(sample), sample.inputs())
                        .verify());
    }

    private static double[] @Nullable [] gradients(Sample sample, Tensor[] inputs) {
        Tensor[] leaves = new Tensor[inputs.length];
        for (int i = 0; i < inputs.length; i++) {
            leaves[i] = inputs[i].detach();
            if (inputs[i].dtype().isFloating()) {
                leaves[i].requiresGrad(true);
            }
        }
        List<Tensor> roots =
                Arrays.stream(sample.run(leaves)).filter(Tensor::requiresGrad).toList();
        Tensor[] weights = new Tensor[roots.size()];
        for (int k = 0; k < weights.length; k++) {
            Tensor root = roots.get(k);
            weights[k] = Tensors.normal(k, root.shape().dims()).to(root.dtype());
        }
        // only the first result, so that fused ops take their fast kernel
        Autograd.backward(roots.getFirst(), GradOptions.defaults().withGradOutputs(weights[0]));
        double[][] gradients = new double[inputs.length][];
        for (int i = 0; i < inputs.length; i++) {
            Tensor g = leaves[i].grad();
            gradients[i] = g == null ? new double[0] : g.toDoubles();
            if (g != null) {
                assertThat(g.type()).isEqualTo(leaves[i].type());
            }
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

    @TestFactory
    Stream<DynamicTest> viewsAsInputs() {
        return each(OpSpec::hasGradient, (spec, sample) -> {
            double[][] expected = gradients(sample, sample.inputs());
            for (Layout layout : List.of(Layout.TRANSPOSED, Layout.STEPPED)) {
                Tensor[] views = Arrays.stream(sample.inputs()).map(layout::of).toArray(Tensor[]::new);
                assertNear(what(spec, sample) + " " + layout, gradients(sample, views), expected, 1e-12);
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> singlePrecisionIsNear() {
        return each(OpSpec::hasGradient, (spec, sample) -> {
            double[][] expected = gradients(sample, sample.inputs());
            double[][] actual = gradients(sample, sample.inputs(DType.F32));
            assertNear(what(spec, sample), actual, expected, 2e-4);
        });
    }

    /// Long enough for the vector loops; that the kernels may get x for y (or y for x) shows here.
    @TestFactory
    Stream<DynamicTest> longVectorsInSinglePrecision() {
        return OpCatalog.all().stream()
                .filter(spec -> spec.hasGradient() && ElementwiseOp.class.isAssignableFrom(spec.type()))
                .map(spec -> dynamicTest(
                        spec.name(),
                        () -> spec.samples().stream()
                                .filter(sample -> sample.kind() == Sample.Kind.LARGE)
                                .forEach(sample -> assertNear(
                                        what(spec, sample),
                                        gradients(sample, sample.inputs(DType.F32)),
                                        gradients(sample, sample.inputs()),
                                        2e-4))));
    }

    @TestFactory
    Stream<DynamicTest> fusedEqualsItsComposite() {
        return each(spec -> spec.hasGradient() && Fused.class.isAssignableFrom(spec.type()), (spec, sample) -> {
            Fused fused = (Fused) sample.op();
            for (boolean graph : new boolean[] {false, true}) {
                Tensor[] a = leaves(sample);
                Tensor[] b = leaves(sample);
                GradOptions options = graph ? GradOptions.defaults().withCreateGraph() : GradOptions.defaults();
                Tensor first = sample.run(a)[0];
                Tensor weights = Tensors.normal(9, first.shape().dims());
                Autograd.backward(first, options.withGradOutputs(weights));
                Autograd.backward(fused.composite(b)[0], options.withGradOutputs(weights));
                for (int i = 0; i < a.length; i++) {
                    if (a[i].requiresGrad()) {
                        assertNear(
                                what(spec, sample) + (graph ? " with a graph" : ""),
                                new double[][] {a[i].grad().toDoubles()},
                                new double[][] {b[i].grad().toDoubles()},
                                1e-10);
                    }
                }
            }
        });
    }

    private static Tensor[] leaves(Sample sample) {
        Tensor[] leaves = sample.inputs();
        for (Tensor t : leaves) {
            if (t.dtype().isFloating()) {
                t.requiresGrad(true);
            }
        }
        return leaves;
    }

    /// The switches cannot forget an op; this looks for one whose rule says that no gradient flows.
    @Test
    void everyDifferentiableOpHasARule() {
        for (OpSpec spec : OpCatalog.all()) {
            Op op = spec.samples().getFirst().op();
            assertThat(VjpRules.of(op) == Rule.NONE).as(spec.name()).isEqualTo(op instanceof NonDifferentiable);
        }
    }
}
