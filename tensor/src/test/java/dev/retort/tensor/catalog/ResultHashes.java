package dev.retort.tensor.catalog;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Fingerprints of all results of the catalogue, to compare two Java virtual machines. The program reads the
/// names of samples, one a line, and prints a line for each: the hash, a space and the name.
public final class ResultHashes {
    /// The interpreter is some hundred times slower, so it computes large samples only up to this many
    /// input elements.
    private static final int MOST_ELEMENTS = 15_000;

    private ResultHashes() {}

    /// Prints the hashes.
    public static void main(String[] args) throws IOException {
        try (BufferedReader names = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            compute(names.lines().collect(Collectors.toSet()))
                    .forEach((name, hash) -> System.out.println(Long.toHexString(hash) + " " + name));
        }
    }

    /// The samples that the interpreter can compute. Asked once, and not by the interpreter: inputs are made to be
    /// counted.
    static Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        for (OpSpec spec : OpCatalog.all()) {
            for (Sample sample : spec.samples()) {
                if (elements(sample) <= MOST_ELEMENTS) {
                    names.add(name(spec, sample));
                }
            }
        }
        return names;
    }

    private static String name(OpSpec spec, Sample sample) {
        return spec.name() + ", " + sample.label();
    }

    /// The hash of the results of each named sample, in `F32` and for regular samples in `F64` too.
    static Map<String, Long> compute(Set<String> names) {
        Map<String, Long> hashes = new LinkedHashMap<>();
        for (OpSpec spec : OpCatalog.all()) {
            for (Sample sample : spec.samples()) {
                String name = name(spec, sample);
                if (!names.contains(name)) {
                    continue;
                }
                hashes.put(name, hash(sample.run(sample.inputs(DType.F32))));
                if (sample.kind() == Sample.Kind.REGULAR) {
                    hashes.put(name + ", F64", hash(sample.run(sample.inputs())));
                }
            }
        }
        return hashes;
    }

    private static int elements(Sample sample) {
        int count = 0;
        for (Tensor t : sample.inputs()) {
            count += t.numel();
        }
        return count;
    }

    private static long hash(Tensor[] results) {
        long hash = 1;
        for (Tensor result : results) {
            HostStorage host = result.toHost();
            for (int i = 0; i < host.size(); i++) {
                hash = (hash ^ Close.bits(host, i)) * 0x9E3779B97F4A7C15L;
                hash ^= hash >>> 29;
            }
        }
        return hash;
    }
}
