package dev.retort.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.tensor.Backends;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.catalog.Layout;
import dev.retort.tensor.catalog.OpCatalog;
import dev.retort.tensor.catalog.OpSpec;
import dev.retort.tensor.catalog.Sample;
import dev.retort.tensor.op.CastOp;
import dev.retort.tensor.op.UpdateOp;
import dev.retort.tensor.spi.OpRoute;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every op of some families on the device against the CPU's `F64` reference, generated from the catalogue.
abstract class ResultsOnDevice {
    private static Device device;

    private final Predicate<OpSpec> mine;

    ResultsOnDevice(Predicate<OpSpec> mine) {
        this.mine = mine;
    }

    @BeforeAll
    static void open() {
        device = TestDevice.required();
    }

    private Stream<DynamicTest> each(Predicate<Sample> which, BiConsumer<OpSpec, Sample> check) {
        return OpCatalog.all().stream()
                .filter(mine)
                .filter(spec -> spec.samples().stream().anyMatch(which))
                .map(spec -> dynamicTest(
                        spec.name(),
                        () -> spec.samples().stream().filter(which).forEach(sample -> check.accept(spec, sample))));
    }

    /// The results of the sample on the device, from inputs of `dtype` in `layout`.
    private static Tensor[] onDevice(Sample sample, DType dtype, Layout layout) {
        Tensor[] in = sample.inputs(dtype);
        for (int i = 0; i < in.length; i++) {
            in[i] = layout == Layout.CONTIGUOUS ? in[i].to(device) : view(layout.of(in[i]));
        }
        Tensor[] results = sample.run(in);
        for (Tensor result : results) {
            // ops without inputs run on the host
            boolean host = in.length == 0 || sample.op() instanceof CastOp.ToDevice;
            assertThat(result.device()).as(sample.op().name()).isEqualTo(host ? Device.CPU : device);
        }
        return results;
    }

    /// The same window onto a copy of the whole buffer on the device.
    private static Tensor view(Tensor x) {
        Tensor whole =
                Tensor.wrap(x.dtype(), ((HostStorage) x.storage()).array()).to(device);
        return Tensor.of(whole.storage(), x.offset(), x.shape(), x.strides());
    }

    private static Tensor[] onCpu(Sample sample, DType dtype) {
        Tensor[] in = sample.inputs(dtype);
        for (int i = 0; i < in.length; i++) {
            in[i] = in[i].dtype() == dtype && dtype.isFloating() ? in[i].to(DType.F64) : in[i];
        }
        return sample.run(in);
    }

    private static void assertAgrees(OpSpec spec, Sample sample, DType dtype, Layout layout, double tolerance) {
        Tensor[] actual = onDevice(sample, dtype, layout);
        Tensor[] expected = onCpu(sample, dtype);
        assertThat(actual.length).as(spec.name()).isEqualTo(expected.length);
        for (int i = 0; i < actual.length; i++) {
            String what = spec.name() + ", " + sample + ", " + dtype + " " + layout + ", result " + i;
            Tensor rounded = expected[i].to(actual[i].dtype());
            Close.assertClose(what, actual[i], rounded, actual[i].dtype().isFloating() ? tolerance : 0);
        }
    }

    @TestFactory
    Stream<DynamicTest> singlePrecision() {
        return each(
                s -> true,
                (spec, sample) -> assertAgrees(
                        spec, sample, DType.F32, Layout.CONTIGUOUS, 2 * spec.tolerance(Close.eps(DType.F32))));
    }

    @TestFactory
    Stream<DynamicTest> doublePrecision() {
        return each(
                s -> s.kind() != Sample.Kind.LARGE,
                (spec, sample) -> assertAgrees(
                        spec, sample, DType.F64, Layout.CONTIGUOUS, 4 * spec.tolerance(Close.eps(DType.F64))));
    }

    /// Half types differ from `F32` in how elements are read and written, which is one macro: an op of each
    /// kernel file shows it, and compiling every kernel again would take minutes.
    @TestFactory
    Stream<DynamicTest> halfPrecision() {
        Set<String> some = Set.of(
                "add",
                "exp",
                "gelu_backward/exact",
                "sum",
                "var",
                "softmax",
                "sort/ascending",
                "cat",
                "scatter_add",
                "embedding_backward",
                "mat_mul",
                "linear",
                "cholesky",
                "conv2d",
                "conv2d_weight_grad",
                "max_pool2d",
                "avg_pool2d_backward",
                "layer_norm",
                "batch_norm",
                "attention",
                "cross_entropy",
                "mse",
                "dropout",
                "adam_step",
                "fake_quantize");
        Predicate<Sample> regular = s -> s.kind() == Sample.Kind.REGULAR;
        return OpCatalog.all().stream()
                .filter(mine)
                .filter(spec -> some.contains(spec.name()))
                .map(spec -> dynamicTest(
                        spec.name(),
                        () -> spec.samples().stream().filter(regular).forEach(sample -> halves(spec, sample))));
    }

    private static void halves(OpSpec spec, Sample sample) {
        for (DType dtype : new DType[] {DType.F16, DType.BF16}) {
            assertAgrees(spec, sample, dtype, Layout.CONTIGUOUS, 2 * Close.eps(dtype));
        }
    }

    @TestFactory
    Stream<DynamicTest> views() {
        return each(s -> s.kind() != Sample.Kind.LARGE, (spec, sample) -> {
            for (Layout layout : new Layout[] {Layout.TRANSPOSED, Layout.STEPPED, Layout.OFFSET}) {
                assertAgrees(spec, sample, DType.F32, layout, 2 * spec.tolerance(Close.eps(DType.F32)));
            }
        });
    }

    @TestFactory
    Stream<DynamicTest> inputsStayAsTheyWere() {
        return each(s -> s.kind() == Sample.Kind.REGULAR, (spec, sample) -> {
            Tensor[] in = sample.inputs(DType.F32);
            Tensor[] there = new Tensor[in.length];
            for (int i = 0; i < in.length; i++) {
                there[i] = in[i].to(device);
            }
            sample.run(there);
            for (int i = 0; i < in.length; i++) {
                if (!(sample.op() instanceof UpdateOp update && update.writes(i))) {
                    Close.assertSameBits(spec.name() + " input " + i, there[i], in[i]);
                }
            }
        });
    }

    /// No op but those that say so copies its inputs to the host, or even waits for the device.
    @TestFactory
    Stream<DynamicTest> nothingIsReadBehindTheScenes() {
        return each(s -> s.kind() != Sample.Kind.LARGE, (spec, sample) -> {
            Tensor[] in = sample.inputs(DType.F32);
            for (int i = 0; i < in.length; i++) {
                in[i] = in[i].to(device);
            }
            long before = TestDevice.opened().downloads();
            sample.run(in);
            boolean read = TestDevice.opened().downloads() > before;
            OpRoute.Kind kind = Backends.of(device).route(spec.type()).kind();
            boolean host = in.length == 0 || sample.op() instanceof CastOp.ToDevice;
            assertThat(read && !host).as(spec.name() + ", " + sample).isFalse();
            assertThat(kind == OpRoute.Kind.HOST).as(spec.name()).isEqualTo(in.length == 0);
        });
    }
}
