package dev.retort.tensor.cpu.simd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.tensor.cpu.simd.attention.Attention;
import dev.retort.tensor.cpu.simd.attention.AttentionGrad;
import dev.retort.tensor.cpu.simd.attention.AttentionMask;
import dev.retort.tensor.cpu.simd.attention.AttentionOperand;
import dev.retort.tensor.cpu.simd.attention.AttentionShape;
import dev.retort.tensor.cpu.simd.conv.Conv2d;
import dev.retort.tensor.cpu.simd.loops.ActivationGrads;
import dev.retort.tensor.cpu.simd.loops.Activations;
import dev.retort.tensor.cpu.simd.loops.RowNorms;
import dev.retort.tensor.cpu.simd.loops.RowSums;
import dev.retort.tensor.cpu.simd.loops.SoftmaxRows;
import dev.retort.tensor.cpu.simd.loops.UnaryLoops;
import dev.retort.tensor.cpu.simd.planes.ConvShape;
import dev.retort.tensor.cpu.simd.product.Gemm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The kernels give the same bits interpreted and compiled: a second machine that only interprets must
/// print the same checksums as this one after many rounds. What does not sum in lanes also gives the same
/// bits at every vector width.
class ColdAndHotTest {
    private static final int ROUNDS = 300;

    /// Prints the checksums of one cold round: those that do not depend on the vector width, then the
    /// others.
    public static void main(String[] args) {
        System.out.println(chains());
        System.out.println(laneSums());
    }

    @Test
    void interpretedAndCompiledBitsAreEqual() throws IOException, InterruptedException {
        String hot = "";
        for (int i = 0; i < ROUNDS; i++) {
            hot = chains() + "\n" + laneSums();
        }
        assertThat(cold(32 * Lanes.length())).isEqualTo(hot);
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 128, 256, 512})
    void chainsDoNotDependOnTheVectorWidth(int bits) throws IOException, InterruptedException {
        assertThat(cold(bits)).startsWith(chains() + "\n");
    }

    /// What [#main] prints on a machine that only interprets.
    private static String cold(int bits) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(List.of(
                        java,
                        "-Xint",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-Ddev.retort.vector.bits=" + bits,
                        "-cp",
                        System.getProperty("java.class.path"),
                        ColdAndHotTest.class.getName()))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return output.replace(System.lineSeparator(), "\n").stripTrailing();
    }

    private static float[] floats(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian() * 2;
        }
        return x;
    }

    private static String chains() {
        int n = 333;
        float[] x = floats(n, 1);
        float[] g = floats(n, 2);
        float[] y = new float[n];
        StringBuilder sums = new StringBuilder();
        UnaryLoops.exp(x, 0, y, 0, n);
        add(sums, y);
        UnaryLoops.log(y, 0, y, 0, n);
        add(sums, y);
        UnaryLoops.log1p(g, 0, y, 0, n);
        add(sums, y);
        UnaryLoops.tanh(x, 0, y, 0, n);
        add(sums, y);
        UnaryLoops.sigmoid(x, 0, y, 0, n);
        add(sums, y);
        UnaryLoops.erf(x, 0, y, 0, n);
        add(sums, y);
        UnaryLoops.sin(x, 0, y, 0, n);
        add(sums, y);
        Activations.gelu(x, 0, y, 0, n);
        add(sums, y);
        ActivationGrads.gelu(g, 0, x, 0, y, 0, n);
        add(sums, y);
        ActivationGrads.mish(g, 0, x, 0, y, 0, n);
        add(sums, y);
        ConvShape s = new ConvShape(2, 3, 7, 9, 5, 3, 3, 2, 1, 1, 1, 1, 1, 1);
        float[] w = floats(5 * 27, 4);
        float[] c = new float[2 * 5 * s.outHeight() * s.outWidth()];
        Conv2d.forward(s, floats(2 * 3 * 63, 3), 0, w, 0, null, 0, c, 0);
        add(sums, c);
        ConvShape depthwise = new ConvShape(1, 2, 5, 21, 2, 3, 3, 1, 1, 1, 1, 1, 1, 2);
        float[] filtered = new float[210];
        Conv2d.forward(depthwise, x, 0, w, 0, null, 0, filtered, 0);
        add(sums, filtered);
        float[] p = new float[19 * 17];
        Gemm.accumulate(19, 17, 9, x, 0, 9, 1, w, 0, 1, 7, p, 0, 17);
        add(sums, p);
        return sums.toString();
    }

    private static String laneSums() {
        int n = 333;
        float[] x = floats(n, 1);
        float[] g = floats(n, 2);
        float[] p = new float[n];
        StringBuilder sums = new StringBuilder();
        SoftmaxRows.softmax(x, 0, p, 0, n);
        add(sums, p);
        add(sums, new float[] {RowSums.sum(x, 0, n), RowSums.dot(x, 0, g, 0, n), RowSums.max(x, 0, n)});
        ConvShape s = new ConvShape(2, 3, 7, 9, 5, 3, 3, 2, 1, 1, 1, 1, 1, 1);
        float[] dy = floats(2 * 5 * s.outHeight() * s.outWidth(), 4);
        float[] dw = new float[5 * 27];
        Conv2d.weightGradient(s, dy, 0, floats(2 * 3 * 63, 3), 0, dw, 0);
        add(sums, dw);
        ConvShape depthwise = new ConvShape(1, 2, 5, 21, 2, 3, 3, 1, 1, 1, 1, 1, 1, 2);
        Conv2d.weightGradient(depthwise, x, 0, g, 0, dw, 0);
        add(sums, dw);
        float[] few = new float[3 * 5];
        Gemm.accumulate(3, 5, 66, x, 0, 66, 1, g, 0, 1, 66, few, 0, 5);
        add(sums, few);
        float[] normGrads = new float[3 * n];
        RowNorms.backward(true, 0.5f, 0.7f, p, 0, g, 0, x, 0, normGrads, 0, normGrads, n, normGrads, 2 * n, n);
        add(sums, normGrads);
        attention(sums);
        return sums.toString();
    }

    private static void attention(StringBuilder sums) {
        AttentionShape a = new AttentionShape(1, 2, 1, 9, 9, 8, 8, 0.3, true, 0, 0, 0);
        AttentionOperand q = operand(floats(2 * 72, 5));
        AttentionOperand k = operand(floats(72, 6));
        AttentionOperand v = operand(floats(72, 7));
        AttentionOperand out = operand(new float[144]);
        float[] lse = new float[18];
        Attention.forward(a, AttentionMask.NONE, q, k, v, out, lse);
        add(sums, out.data());
        AttentionOperand dq = operand(new float[144]);
        AttentionOperand dk = operand(new float[72]);
        AttentionOperand dv = operand(new float[72]);
        AttentionGrad.backward(a, AttentionMask.NONE, q, q, k, v, out, lse, 0, dq, dk, dv);
        add(sums, dq.data());
    }

    /// One entry of 9 positions of 8 features, its heads one behind the other.
    private static AttentionOperand operand(float[] data) {
        return new AttentionOperand(data, 0, data.length, 72, 8);
    }

    private static void add(StringBuilder sums, float[] x) {
        int hash = 1;
        for (float v : x) {
            hash = 31 * hash + Float.floatToIntBits(v);
        }
        sums.append(' ').append(hash);
    }
}
