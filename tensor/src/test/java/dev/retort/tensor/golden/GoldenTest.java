package dev.retort.tensor.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The results of PyTorch for about a hundred ops, most of them with awkward attributes; `make_golden.py`
/// beside the file made them.
class GoldenTest {
    private static Map<String, Tensor> golden = Map.of();

    @BeforeAll
    static void read() throws IOException, URISyntaxException {
        golden = Safetensors.read(Path.of(
                Objects.requireNonNull(GoldenTest.class.getResource("/dev/retort/tensor/golden/golden.safetensors"))
                        .toURI()));
    }

    private static Tensor[] inputs(String name, DType dtype) {
        List<Tensor> in = new ArrayList<>();
        for (int i = 0; golden.containsKey(name + "/in" + i); i++) {
            Tensor x = golden.get(name + "/in" + i).copy(); // updates write to them
            in.add(x.dtype() == DType.F64 ? x.to(dtype) : x);
        }
        return in.toArray(Tensor[]::new);
    }

    private static Stream<DynamicTest> compare(DType dtype, double tolerance) {
        return GoldenCases.all().entrySet().stream()
                .map(c -> dynamicTest(c.getKey(), () -> {
                    Tensor actual = c.getValue().of(inputs(c.getKey(), dtype));
                    Close.assertClose(c.getKey(), actual, golden.get(c.getKey() + "/out"), tolerance);
                }));
    }

    @TestFactory
    Stream<DynamicTest> doublePrecisionAgreesWithPyTorch() {
        return compare(DType.F64, 1e-12);
    }

    @TestFactory
    Stream<DynamicTest> singlePrecisionAgreesWithPyTorch() {
        return compare(DType.F32, 1e-5);
    }

    @Test
    void everyGoldenCaseIsTested() {
        Set<String> names = new TreeSet<>();
        golden.keySet().forEach(key -> names.add(key.substring(0, key.indexOf('/'))));
        assertThat(GoldenCases.all().keySet()).containsExactlyInAnyOrderElementsOf(names);
    }
}
