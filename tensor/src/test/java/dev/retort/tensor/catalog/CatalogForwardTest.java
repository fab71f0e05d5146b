package dev.retort.tensor.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.Fused;
import dev.retort.tensor.op.LinalgOp;
import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.function.Executable;

/// Forward tests of every op, generated from the catalogue.
class CatalogForwardTest {
    private static final List<Layout> ALL_LAYOUTS = List.of(Layout.values());
    private static final List<Layout> STRIDED = List.of(Layout.TRANSPOSED);

    private interface Check {
        void run(OpSpec spec, Sample sample);
    }

    /// One test a spec, over its samples.
    private static Stream<DynamicTest> each(Predicate<Sample> which, Check check) {
        return OpCatalog.all().stream()
                .filter(spec -> spec.samples().stream().anyMatch(which))
                .map(spec -> dynamicTest(
                        spec.name(),
                        () -> spec.samples().stream().filter(which).forEach(sample -> check.run(spec, sample))));
    }

    private static boolean floatingInputs(Sample sample) {
        for (Tensor t : sample.inputs()) {
            if (t.dtype() == DType.F64) {
                return true;
            }
        }
        return false;
    }

    private static boolean sharesStorage(Sample sample) {
        return sample.op() instanceof ShapeOp.View || sample.op() instanceof CastOp.ToDevice;
    }

    private static String what(OpSpec spec, Sample sample) {
        return spec.name() + ", " + sample;
    }

    @TestFactory
    Stream<DynamicTest> inferPredictsTheResults() {
        return each(s -> !(s.op() instanceof UpdateOp), (spec, sample) -> {
            for (DType dtype : new DType[] {DType.F64, DType.F32}) {
                Tensor[] in = sample.inputs(dtype);
                TensorType[] types = Stream.of(in).map(Tensor::type).toArray(TensorType[]::new);
                Tensor[] results = sample.run(in);
                TensorType[] actual = Stream.of(results).map(Tensor::type).toArray(TensorType[]::new);
                assertThat(actual).as(what(spec, sample)).isEqualTo(sample.op().infer(types));
                for (Tensor result : results) {
                    assertThat(result.isContiguous() || sharesStorage(sample))
                            .as(what(spec, sample))
                            .isTrue();
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> inputsStayAsTheyWere() {
        return each(s -> true, (spec, sample) -> {
            for (DType dtype : new DType[] {DType.F64, DType.F32}) {
                Tensor[] in = sample.inputs(dtype);
                Tensor[] results = sample.run(in);
                Tensor[] before = sample.inputs(dtype);
                for (int i = 0; i < in.length; i++) {
                    boolean written = sample.op() instanceof UpdateOp update && update.writes(i);
                    if (!written) {
                        Close.assertSameBits(what(spec, sample) + " input " + i, in[i], before[i]);
                        for (Tensor result : results) {
                            assertThat(result.storage() == in[i].storage())
                                    .as(what(spec, sample))
                                    .isEqualTo(sharesStorage(sample));
                        }
                    }
                }
            }
        });
    }

    /// F64 has one path, so the bits agree; F32 may take another kernel for a view.
    @TestFactory
    Stream<DynamicTest> viewsGiveTheSameAsCopies() {
        return each(s -> true, (spec, sample) -> {
            for (DType dtype : new DType[] {DType.F64, DType.F32}) {
                Tensor[] expected = sample.run(sample.inputs(dtype));
                for (Layout layout : sample.kind() == Sample.Kind.LARGE ? STRIDED : ALL_LAYOUTS) {
                    Tensor[] in = sample.inputs(dtype);
                    for (int i = 0; i < in.length; i++) {
                        in[i] = layout.of(in[i]);
                    }
                    assertSame(spec, what(spec, sample) + " " + dtype + " " + layout, sample.run(in), expected);
                }
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> expandedInputsGiveTheSameAsCopies() {
        Predicate<Sample> which =
                s -> !(s.op() instanceof UpdateOp) && !(s.op() instanceof LinalgOp) && s.kind() == Sample.Kind.REGULAR;
        return each(which, (spec, sample) -> {
            for (DType dtype : new DType[] {DType.F64, DType.F32}) {
                Tensor[] views = sample.inputs(dtype);
                Tensor[] copies = new Tensor[views.length];
                for (int i = 0; i < views.length; i++) {
                    Tensor x = views[i];
                    views[i] = x.rank() > 0 ? x.narrow(0, 0, 1).expand(x.shape()) : x;
                    copies[i] = views[i].copy();
                }
                assertSame(spec, what(spec, sample) + " " + dtype, sample.run(views), sample.run(copies));
            }
        });
    }

    private static void assertSame(OpSpec spec, String what, Tensor[] actual, Tensor[] expected) {
        assertThat(actual.length).as(what).isEqualTo(expected.length);
        for (int i = 0; i < actual.length; i++) {
            if (actual[i].dtype() == DType.F32) {
                Close.assertClose(what + " result " + i, actual[i], expected[i], spec.tolerance(Close.eps(DType.F32)));
            } else {
                Close.assertSameBits(what + " result " + i, actual[i], expected[i]);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> singlePrecisionAgreesWithTheReference() {
        return each(
                CatalogForwardTest::floatingInputs,
                (spec, sample) ->
                        Precision.assertAgrees(spec, sample, DType.F32, spec.tolerance(Close.eps(DType.F32))));
    }

    /// Half types accumulate in a wider type and round at the end: two units of error, however long the
    /// sums.
    @TestFactory
    Stream<DynamicTest> halfPrecisionAgreesWithTheReference() {
        return each(s -> floatingInputs(s) && s.kind() == Sample.Kind.REGULAR, (spec, sample) -> {
            for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
                Precision.assertAgrees(spec, sample, dtype, 2 * Close.eps(dtype));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> fusedAgreesWithComposite() {
        return each(s -> s.op() instanceof Fused, (spec, sample) -> {
            Tensor[] actual = sample.run(sample.inputs());
            Tensor[] expected = ((Fused) sample.op()).composite(sample.inputs());
            assertThat(actual.length).as(what(spec, sample)).isEqualTo(expected.length);
            for (int i = 0; i < actual.length; i++) {
                String what = what(spec, sample) + " result " + i;
                Close.assertClose(what, actual[i], expected[i], 4 * spec.tolerance(Close.eps(DType.F64)));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> oracleAgreesWithTheReference() {
        return OpCatalog.all().stream()
                .filter(s -> s.oracle() != null)
                .map(spec -> dynamicTest(spec.name(), () -> {
                    OpSpec.Oracle oracle = java.util.Objects.requireNonNull(spec.oracle());
                    for (Sample sample : spec.samples()) {
                        if (sample.kind() == Sample.Kind.REGULAR) {
                            double[] actual = sample.run(sample.inputs())[0].toDoubles();
                            double[] expected = oracle.expected(sample.op(), sample.inputs());
                            Close.assertClose(what(spec, sample), actual, expected, 1e-13 * spec.tolerance(1));
                        }
                    }
                }));
    }

    @TestFactory
    Stream<DynamicTest> methodsGiveTheSameAsOps() {
        return each(s -> s.method() != null, (spec, sample) -> {
            Tensor expected = sample.run(sample.inputs())[0];
            Tensor actual = java.util.Objects.requireNonNull(sample.method()).apply(sample.inputs());
            Close.assertSameBits(what(spec, sample), actual, expected);
        });
    }

    @TestFactory
    Stream<DynamicTest> wrongInputsAreRejected() {
        List<DynamicTest> tests = new ArrayList<>();
        for (OpSpec spec : OpCatalog.all()) {
            for (OpSpec.ErrorSample error : spec.errors()) {
                Executable test = () -> assertThatThrownBy(error.attempt()::run)
                        .isInstanceOf(OpException.class)
                        .hasMessageContaining(error.message());
                tests.add(dynamicTest(spec.name() + ": " + error.label(), test));
            }
        }
        return tests.stream();
    }
}
