package dev.retort.opencl;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.catalog.Close;
import dev.retort.tensor.op.AttentionOp;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Attention by tiles, as cards compute it, on any device, and as the first device computes it, against the host in
/// `F64`: results and gradients.
class AttentionTilesOpenClTest {
    @BeforeAll
    static void open() {
        TestDevice.required();
    }

    private static Tensor normal(long seed, int... shape) {
        return Random.normal(new Rng(seed), shape);
    }

    /// Result, log-sums and gradients. `in`: queries, keys, values, the gradient of the result, and a mask if there is
    /// one.
    private static List<Tensor> all(Tensor[] in, boolean causal, double dropout) {
        double scale = 0.3;
        List<Tensor> forward = new ArrayList<>(List.of(in[0], in[1], in[2]));
        if (in.length == 5) {
            forward.add(in[4]);
        }
        Tensor[] out =
                Engine.run(new AttentionOp.Attention(scale, causal, dropout, 7, 3), forward.toArray(Tensor[]::new));
        List<Tensor> backward = new ArrayList<>(List.of(in[3], in[0], in[1], in[2], out[0], out[1]));
        if (in.length == 5) {
            backward.add(in[4]);
        }
        Tensor[] gradients = Engine.run(
                new AttentionOp.AttentionBackward(scale, causal, dropout, 7, 3), backward.toArray(Tensor[]::new));
        List<Tensor> results = new ArrayList<>(List.of(out));
        results.addAll(List.of(gradients));
        return results;
    }

    private static void assertAgrees(String what, boolean causal, double dropout, Tensor... in) {
        Tensor[] host = new Tensor[in.length];
        for (int i = 0; i < in.length; i++) {
            host[i] = in[i].dtype() == DType.BOOL ? in[i] : in[i].to(DType.F64);
        }
        List<Tensor> expected = all(host, causal, dropout);
        for (Device device : new Device[] {CopyProvider.DEVICE, TestDevice.required()}) {
            Tensor[] there = new Tensor[in.length];
            for (int i = 0; i < in.length; i++) {
                there[i] = in[i].to(device);
            }
            List<Tensor> actual = all(there, causal, dropout);
            for (int i = 0; i < expected.size(); i++) {
                Close.assertClose(
                        what + ", result " + i + " on " + device,
                        actual.get(i),
                        expected.get(i).to(DType.F32),
                        1e-5);
            }
        }
    }

    /// Blocks and tiles that are full, and that are not; all widths of variants, in quads and not.
    @ParameterizedTest
    @CsvSource({
        "64, 64, 64, 64",
        "70, 70, 64, 64",
        "33, 95, 32, 32",
        "95, 33, 30, 17",
        "1, 40, 8, 48",
        "5, 3, 64, 5",
        "37, 19, 65, 72",
        "18, 35, 80, 96",
        "49, 34, 128, 128",
        "17, 50, 100, 33"
    })
    void sizes(int queries, int keys, int d, int e) {
        Tensor q = normal(1, 2, 2, queries, d);
        Tensor k = normal(2, 2, 2, keys, d);
        Tensor v = normal(3, 2, 2, keys, e);
        Tensor g = normal(4, 2, 2, queries, e);
        assertAgrees("plain", false, 0, q, k, v, g);
        assertAgrees("causal", true, 0, q, k, v, g);
    }

    @Test
    void groupsOfHeadsMasksAndDropout() {
        Tensor q = normal(1, 2, 4, 40, 16);
        Tensor k = normal(2, 2, 2, 37, 16);
        Tensor v = normal(3, 2, 2, 37, 16);
        Tensor g = normal(4, 2, 4, 40, 16);
        Tensor added = normal(5, 1, 4, 40, 37);
        Tensor allowed = normal(6, 2, 1, 1, 37).gt(Tensor.scalar(-0.5f));
        assertAgrees("groups", true, 0, q, k, v, g);
        assertAgrees("added mask", false, 0, q, k, v, g, added);
        assertAgrees("mask of truth values, dropout", true, 0.3, q, k, v, g, allowed);
        Tensor none = normal(6, 2, 1, 40, 37).gt(Tensor.scalar(100f));
        assertAgrees("queries that see nothing", false, 0, q, k, v, g, none);
    }

    @Test
    void headsSideBySide() {
        Tensor all = normal(1, 2, 45, 3 * 2 * 20);
        Tensor[] parts = new Tensor[4];
        for (int i = 0; i < 3; i++) {
            parts[i] = all.narrow(2, 40 * i, 40).reshape(2, 45, 2, 20).transpose(1, 2);
        }
        parts[3] = normal(2, 2, 45, 40).reshape(2, 45, 2, 20).transpose(1, 2);
        assertAgrees("heads side by side", true, 0, parts);
    }
}
