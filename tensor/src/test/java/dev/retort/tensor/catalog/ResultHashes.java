package dev.retort.tensor.catalog;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// Fingerprints of all results of the catalogue, to compare two Java virtual machines. The program prints
/// one line a sample: the hash, a space and the sample's name.
public final class ResultHashes {
    /// The interpreter is some hundred times slower, so it computes large samples only up to this many
    /// input elements.
    private static final int MOST_ELEMENTS = 15_000;

    private ResultHashes() {}

    /// Prints the hashes.
    public static void main(String[] args) {
        compute().forEach((name, hash) -> System.out.println(Long.toHexString(hash) + " " + name));
    }

    /// The hash of each sample's results, in `F32` and for regular samples in `F64` too.
    static Map<String, Long> compute() {
        Map<String, Long> hashes = new LinkedHashMap<>();
        for (OpSpec spec : OpCatalog.all()) {
            for (Sample sample : spec.samples()) {
                if (elements(sample) > MOST_ELEMENTS) {
                    continue;
                }
                hashes.put(spec.name() + ", " + sample.label(), hash(sample.run(sample.inputs(DType.F32))));
                if (sample.kind() == Sample.Kind.REGULAR) {
                    hashes.put(spec.name() + ", " + sample.label() + ", F64", hash(sample.run(sample.inputs())));
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
