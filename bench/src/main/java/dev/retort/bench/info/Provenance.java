package dev.retort.bench.info;

import dev.retort.bench.Version;
import dev.retort.tensor.cpu.Parallel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// With what a result was computed, beside the options of the command: what one needs to compute it again.
///
/// | name | value |
/// | --- | --- |
/// | `threads` | of the CPU's kernels; results do not depend on it |
/// | `vector_bits` | their width, on which last bits depend; 0 without vectors |
/// | `retort`, `commit` | the version and the sources it was built of, see [Version#commit] |
/// | `java`, `processor` | the machine |
public final class Provenance {
    private Provenance() {}

    /// This process.
    ///
    /// @throws IOException if the build lacks its version
    public static Map<String, Object> here() throws IOException {
        Machine machine = Machine.here();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("threads", Parallel.threads());
        all.put("vector_bits", Float.SIZE * VectorUnit.here().floats());
        all.put("retort", Version.number());
        all.put("commit", Version.commit());
        all.put("java", machine.java());
        all.put("processor", machine.processor());
        return all;
    }
}
