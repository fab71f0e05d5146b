package dev.retort.autograd.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.autograd.Autograd;
import dev.retort.autograd.GradOptions;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// Values and gradients equal PyTorch's; `make_golden.py` beside the numbers says what was asked of it.
class GoldenOpsTest {
    private static final double TOLERANCE = 1e-10;
    private static Map<String, Tensor> golden = Map.of();

    @BeforeAll
    static void load() throws Exception {
        golden = Safetensors.read(file());
    }

    private static Path file() throws URISyntaxException {
        return Path.of(GoldenOpsTest.class
                .getResource("/dev/retort/autograd/golden/ops.safetensors")
                .toURI());
    }

    private static Tensor[] numbered(String prefix) {
        return IntStream.iterate(0, i -> golden.containsKey(prefix + i), i -> i + 1)
                .mapToObj(i -> golden.get(prefix + i))
                .toArray(Tensor[]::new);
    }

    @TestFactory
    Stream<DynamicTest> agreesWithPyTorch() {
        return GoldenCases.all().entrySet().stream()
                .map(c -> dynamicTest(c.getKey(), () -> check(c.getKey(), c.getValue())));
    }

    @Test
    void everyGoldenCaseIsTested() {
        TreeSet<String> names = new TreeSet<>();
        golden.keySet().forEach(name -> names.add(name.substring(0, name.indexOf('/'))));
        assertThat(GoldenCases.all().keySet()).isEqualTo(names);
    }

    private static void check(String name, GoldenCases.Function function) {
        Tensor[] in = numbered(name + "/in/");
        for (int i = 0; i < in.length; i++) {
            in[i] = in[i].detach();
            if (golden.containsKey(name + "/grad/" + i)) {
                in[i].requiresGrad(true);
            }
        }
        Tensor[] out = function.of(in);
        Tensor[] expected = numbered(name + "/out/");
        assertThat(out.length).as(name).isEqualTo(expected.length);
        for (int i = 0; i < out.length; i++) {
            assertClose(name + " result " + i, out[i], expected[i]);
        }
        checkGradients(name, in, out, false);
        checkGradients(name, in, out, true);
    }

    private static void checkGradients(String name, Tensor[] in, Tensor[] out, boolean createGraph) {
        List<Tensor> weighted = new ArrayList<>();
        List<Tensor> weights = new ArrayList<>();
        for (int i = 0; i < out.length; i++) {
            if (golden.containsKey(name + "/weight/" + i)) {
                weighted.add(out[i]);
                weights.add(golden.get(name + "/weight/" + i));
            }
        }
        List<Tensor> leaves = Stream.of(in).filter(Tensor::requiresGrad).toList();
        if (leaves.isEmpty()) {
            return;
        }
        GradOptions options = GradOptions.defaults().withRetainGraph().withGradOutputs(weights.toArray(Tensor[]::new));
        Tensor[] gradients = Autograd.grad(weighted, leaves, createGraph ? options.withCreateGraph() : options);
        int at = 0;
        for (int i = 0; i < in.length; i++) {
            if (in[i].requiresGrad()) {
                String what = name + " gradient " + i + (createGraph ? " with graph" : "");
                assertClose(what, gradients[at++], golden.get(name + "/grad/" + i));
            }
        }
    }

    private static void assertClose(String what, Tensor actual, Tensor expected) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        double[] a = actual.detach().to(DType.F64).toDoubles();
        double[] e = expected.to(DType.F64).toDoubles();
        // PyTorch's factor 1/6 in the gradient of hardsigmoid is a float
        double tolerance = what.startsWith("hardsigmoid gradient") ? 1e-7 : TOLERANCE;
        for (int i = 0; i < e.length; i++) {
            boolean same = Double.isFinite(e[i])
                    ? Math.abs(a[i] - e[i]) <= tolerance * Math.max(1, Math.abs(e[i]))
                    : Double.compare(a[i], e[i]) == 0;
            assertThat(same)
                    .as("%s, element %s: expected %s, got %s", what, i, e[i], a[i])
                    .isTrue();
        }
    }
}
