package dev.retort.nn.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.io.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/// What PyTorch computed; made by make_golden.py beside the file.
final class Golden {
    private static final Safetensors FILE = open("golden.safetensors");

    private Golden() {}

    static Safetensors open(String name) {
        try {
            Safetensors file =
                    Safetensors.open(Path.of(Golden.class.getResource(name).toURI()));
            assertThat(file.metadata()).containsEntry("version", "1");
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    static Tensor get(String name) {
        return get(FILE, name);
    }

    static Tensor get(Safetensors file, String name) {
        try {
            return file.load(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static boolean has(String name) {
        return FILE.names().contains(name);
    }

    /// All tensors under `prefix`, without it.
    static Map<String, Tensor> under(String prefix) {
        return under(FILE, prefix);
    }

    static Map<String, Tensor> under(Safetensors file, String prefix) {
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (String name : file.names()) {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), get(file, name));
            }
        }
        return found;
    }

    /// Equal up to `tolerance`, relative to the largest magnitude expected (at least 1).
    static void assertClose(String what, Tensor actual, Tensor expected, double tolerance) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        double[] a = actual.to(DType.F64).toDoubles();
        double[] e = expected.to(DType.F64).toDoubles();
        double largest = 1;
        double worst = 0;
        for (int i = 0; i < e.length; i++) {
            largest = Math.max(largest, Math.abs(e[i]));
            worst = Double.isNaN(a[i]) ? Double.POSITIVE_INFINITY : Math.max(worst, Math.abs(a[i] - e[i]));
        }
        assertThat(worst / largest).as(what + ": largest difference").isLessThanOrEqualTo(tolerance);
    }
}
