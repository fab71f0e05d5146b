package dev.retort.tensor.cpu.simd.product;

import static dev.retort.tensor.cpu.simd.product.ProductTasks.parts;

import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.PackedWeights;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.PlaneLoops;
import dev.retort.tensor.cpu.simd.loops.RowNorms;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// A linear layer whose weight was packed beforehand, and what is done to its input and its result while they are in
/// the first-level cache: `y = f(norm(x) Wᵀ + bias) + shortcut`, for answering some rows on processors with 16 vector
/// registers.
///
/// Works as [FencedProduct] but packs nothing: groups of copied rows stay in the second-level cache while each panel
/// of the weight stays in the first for a whole group. Every sum is one chain over the inputs upwards, started from the
/// bias, so its bits depend on no blocking and no thread.
public final class FrozenLinear {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    private static final int NR = 2 * L;
    private static final int MR = FencedKernel.MR;
    private static final int PITCH = FencedKernel.PITCH;
    /// Rows that are copied together.
    private static final int GROUP = 16 * MR;
    /// Floats of a cache line.
    private static final int LINE = 16;

    private static final int NONE = -1;
    /// Rows from which a tile is worth its start, and up to which packing a weight anew for each call shows.
    private static final int FEWEST_ROWS = 12;

    private static final int MOST_ROWS = 512;
    /// Outputs and inputs below which there is nothing to gain.
    private static final int FEWEST = 16;
    /// Most panels of a task: what is kept between depth blocks stays in the second-level cache.
    private static final int TASK_PANELS = 768 / NR;

    private final int outputs;
    private final int inputs;
    private final int padded;
    /// Depth of a block.
    private final int depth;

    private final PackedWeights weight;
    private final float[] bias;
    private final @Nullable Loop activation;
    private final double eps;

    /// A function of floats: `y[yo + i] = f(x[xo + i])` for i < n, where x and y may be one.
    @FunctionalInterface
    public interface Loop {
        /// Computes n of them.
        void run(float[] x, int xo, float[] y, int yo, int n);
    }

    /// The operands of a call: m rows of x, the shortcut's and the result's, contiguous.
    private record Rows(int m, float[] x, int xo, float @Nullable [] shortcut, int so, float[] y, int yo) {}

    /// Packs a weight: the one from input p to output j is `w[wo + j * wrs + p * wcs]`.
    ///
    /// @param activation f, or null for none
    /// @param eps        of the norm of the input's rows, which has no weight of its own; negative for none
    public FrozenLinear(
            int outputs,
            int inputs,
            float[] w,
            int wo,
            int wrs,
            int wcs,
            float @Nullable [] bias,
            int biasOff,
            @Nullable Loop activation,
            double eps) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.activation = activation;
        this.eps = eps;
        padded = parts(outputs, NR) * NR;
        depth = Gemm.evenBlock(inputs, FencedKernel.MOST);
        this.bias = new float[padded];
        if (bias != null) {
            System.arraycopy(bias, biasOff, this.bias, 0, outputs);
        }
        weight = PackedWeights.of(padded * inputs);
        for (int q = 0; q < inputs; q += depth) {
            int steps = Math.min(depth, inputs - q);
            PanelProduct.packColumns(
                    outputs, steps, w, wo + q * wcs, wcs, wrs, weight.data(), weight.at() + q * padded);
        }
    }

    /// Whether there is a kernel for it that gains something.
    public static boolean suits(int rows, int outputs, int inputs) {
        return FencedKernel.AVAILABLE
                && rows >= FEWEST_ROWS
                && rows <= MOST_ROWS
                && outputs >= FEWEST
                && inputs >= FEWEST
                && (long) (outputs + NR) * inputs < Integer.MAX_VALUE / 2;
    }

    /// Writes `m` rows to `y[yo …]`; rows of x, of the shortcut, if there is one, and of y are contiguous.
    public void run(int m, float[] x, int xo, float @Nullable [] shortcut, int so, float[] y, int yo) {
        Rows r = new Rows(m, x, xo, shortcut, so, y, yo);
        int panels = padded / NR;
        boolean serial = (long) m * outputs * inputs < Gemm.SERIAL_WORK;
        int share = Math.min(TASK_PANELS, parts(panels, serial ? 1 : Parallel.threads()));
        Parallel.forRange(panels, serial ? panels : share, (from, to) -> {
            for (int p = from; p < to; p += share) {
                task(r, p, Math.min(to, p + share));
            }
        });
    }

    /// Panels [first, last) of all rows.
    private void task(Rows r, int first, int last) {
        boolean one = depth >= inputs;
        int wide = (last - first) * NR;
        float[] ap = Scratch.floats(Scratch.GEMM_A, GROUP * PITCH);
        float[] kept = Scratch.lines(Scratch.GEMM_B, one ? GROUP * NR : parts(r.m, MR) * MR * wide);
        for (int q = 0; q < inputs; q += depth) {
            int steps = Math.min(depth, inputs - q);
            for (int i = 0; i < r.m; i += GROUP) {
                int rows = Math.min(GROUP, r.m - i);
                copyRows(r, i, rows, q, steps, ap);
                for (int p = first; p < last; p++) {
                    int place = one ? 0 : i * wide + (p - first) * parts(rows, MR) * MR * NR;
                    int next = p + 1 < last ? weight.at() + q * padded + (p + 1) * NR * steps : NONE;
                    panel(r, i, rows, p * NR, q, steps, next, ap, kept, Scratch.LINE + place);
                }
            }
        }
    }

    /// Copies `steps` steps from q on of `rows` rows from i on, normed if asked for.
    private void copyRows(Rows r, int i, int rows, int q, int steps, float[] ap) {
        for (int s = 0; s < rows; s++) {
            int row = r.xo + (i + s) * inputs;
            if (eps < 0) {
                System.arraycopy(r.x, row + q, ap, s * PITCH, steps);
            } else {
                float mean = RowNorms.mean(r.x, row, inputs);
                float rstd = RowNorms.rstd(r.x, row, inputs, mean, eps);
                PlaneLoops.normalise(mean, rstd, 0f, r.x, row + q, ap, s * PITCH, steps);
            }
        }
    }

    /// A group of copied rows by the panel of outputs from j on, through the depth block at q. What is not
    /// written to y at once is kept at `kept[at …]`, tile by tile. Meanwhile the panel at `next` comes into
    /// the cache.
    private void panel(Rows r, int i, int rows, int j, int q, int steps, int next, float[] ap, float[] kept, int at) {
        int columns = Math.min(NR, outputs - j);
        boolean last = q + steps >= inputs;
        boolean plain = activation == null && r.shortcut == null && columns == NR;
        int from = weight.at() + q * padded + j * steps;
        boolean first = q == 0;
        int lines = parts(steps * NR, parts(rows, MR) * LINE) * LINE;
        for (int s = 0; s < rows; s += MR) {
            int high = Math.min(MR, rows - s);
            if (next != NONE) {
                int ahead = s / MR * lines;
                kept[0] = touch(next + ahead, Math.min(lines, steps * NR - ahead));
            }
            int tile = at + s * NR;
            boolean out = last && plain && (high & 1) == 0;
            int corner = r.yo + (i + s) * outputs + j;
            if (out) {
                fetch(high, r.y, corner + NR - 1);
            }
            FencedKernel.tile(
                    high,
                    columns,
                    steps,
                    ap,
                    s * PITCH,
                    weight.data(),
                    from,
                    first ? bias : kept,
                    first ? j : tile,
                    first ? 0 : NR,
                    out ? r.y : kept,
                    out ? corner : tile,
                    out ? outputs : NR);
            if (last && plain && !out) {
                leave(r, i + s, high, j, columns, kept, tile);
            }
        }
        if (last && !plain) {
            if (activation != null) {
                activation.run(kept, at, kept, at, rows * NR);
            }
            leave(r, i, rows, j, columns, kept, at);
        }
    }

    /// Reads a float of each cache line of `count` floats of the weight from `at` on, which the third-level
    /// cache sends while a tile is computed. The sum keeps the compiler from leaving them out.
    private float touch(int at, int count) {
        float[] w = weight.data();
        float sum = 0f;
        for (int i = 0; i < count; i += LINE) {
            sum += w[at + i];
        }
        return sum;
    }

    /// Writes something to the last column of a tile of y that will be written, as in [FencedProduct].
    private void fetch(int rows, float[] y, int at) {
        for (int s = 0; s < rows; s++) {
            y[at + s * outputs] = 0f;
        }
    }

    /// Writes kept rows, plus the shortcut's, to rows i and following of y.
    private void leave(Rows r, int i, int rows, int j, int columns, float[] kept, int at) {
        int to = r.yo + i * outputs + j;
        if (r.shortcut == null) {
            if (columns == NR) {
                move(rows, outputs, kept, at, r.y, to);
                return;
            }
            for (int s = 0; s < rows; s++) {
                System.arraycopy(kept, at + s * NR, r.y, to + s * outputs, columns);
            }
            return;
        }
        int from = r.so + i * outputs + j;
        if (columns == NR) {
            join(rows, outputs, kept, at, r.shortcut, from, r.y, to);
            return;
        }
        for (int s = 0; s < rows; s++) {
            for (int c = 0; c < columns; c++) {
                r.y[to + s * outputs + c] = kept[at + s * NR + c] + r.shortcut[from + s * outputs + c];
            }
        }
    }

    /// y = t for rows of whole tiles; those of y are `ld` apart.
    private static void move(int rows, int ld, float[] t, int to, float[] y, int yo) {
        for (int s = 0; s < rows; s++) {
            FloatVector.fromArray(S, t, to + s * NR).intoArray(y, yo + s * ld);
            FloatVector.fromArray(S, t, to + s * NR + L).intoArray(y, yo + s * ld + L);
        }
    }

    /// y = t + z for rows of whole tiles; those of y and z are `ld` apart.
    private static void join(int rows, int ld, float[] t, int to, float[] z, int zo, float[] y, int yo) {
        for (int s = 0; s < rows; s++) {
            int a = to + s * NR;
            int b = zo + s * ld;
            int d = yo + s * ld;
            FloatVector.fromArray(S, t, a).add(FloatVector.fromArray(S, z, b)).intoArray(y, d);
            FloatVector.fromArray(S, t, a + L)
                    .add(FloatVector.fromArray(S, z, b + L))
                    .intoArray(y, d + L);
        }
    }
}
