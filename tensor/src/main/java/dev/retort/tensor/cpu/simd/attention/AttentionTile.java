package dev.retort.tensor.cpu.simd.attention;

import static dev.retort.tensor.cpu.simd.loops.FloatMath.*;

import dev.retort.tensor.Philox;
import dev.retort.tensor.cpu.simd.BlockTranspose;
import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.cpu.simd.loops.UnaryLoops;
import dev.retort.tensor.cpu.simd.product.FencedKernel;
import dev.retort.tensor.cpu.simd.product.GemmKernel;
import dev.retort.tensor.cpu.simd.product.RowPanels;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// What the forward and backward passes of attention do with a tile of scores, whose rows are keys and whose lanes are
/// queries: maxima and sums then need no sum over lanes, and the tile is the packed operand of the next product.
///
/// Queries lie in panels as [RowPanels] has them: of the panel that starts at query j and is w wide, key i is at
/// `tile[to + j * KEYS + i * w]`. Queries that fill a panel's last lanes are zeros.
final class AttentionTile {
    /// Queries of a tile but the last.
    private static final int WHOLE = 64;

    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;
    /// Whether rows are copied, six at a time, for the tiles of [FencedKernel].
    private static final boolean FENCED = FencedKernel.AVAILABLE;
    /// Most queries and most keys of a tile. Where rows are copied for it, the last tile takes what would fill one
    /// panel of another: 197 queries, the positions of a small ViT, are three tiles.
    static final int QUERIES = FENCED ? WHOLE + RowPanels.WIDTH : WHOLE;

    static final int KEYS = 128;

    private static final int STRIP = FencedKernel.MR;
    private static final int PITCH = FencedKernel.PITCH;
    /// Below, a weight is 0: the least power of two that has all bits is 2^-126.
    private static final float WEIGHT_MIN = -87f;
    /// Bits of 1: an exponent shifted into place and these are a power of two.
    private static final int ONE_BITS = 0x3F800000;

    private AttentionTile() {}

    /// Floats of m packed queries of depth `d`.
    static int floats(int m, int d) {
        return (m + RowPanels.WIDTH - 1) / RowPanels.WIDTH * RowPanels.WIDTH * d;
    }

    /// Queries of the tile that starts where `left` are left.
    static int queries(int left) {
        return left > QUERIES ? WHOLE : left;
    }

    /// Queries of the panel that starts where `left` are left, lanes that are only filled included. [FencedKernel] is
    /// as fast with two vectors of which one is empty as other kernels are with one.
    static int width(int left) {
        return FENCED ? RowPanels.WIDTH : RowPanels.width(left);
    }

    /// Distance of the rows of a transposed operand of n positions: no power of two, so that rows lie in different sets
    /// of the cache.
    static int pitch(int n) {
        return (n + L - 1) / L * L + L;
    }

    /// Packs m rows, d features each, times `factor`.
    static void pack(int m, int d, float factor, float[] x, int xo, int ld, float[] panels, int at) {
        int w;
        for (int j = 0; j < m; j += w) {
            w = width(m - j);
            int n = Math.min(w, m - j);
            int to = at + j * d;
            BlockTranspose.run(n, d, x, xo + j * ld, ld, panels, to, w);
            for (int p = 0; n < w && p < d; p++) {
                Arrays.fill(panels, to + p * w + n, to + p * w + w, 0f);
            }
            if (factor != 1f) {
                BinaryLoops.mul(panels, to, factor, panels, to, w * d);
            }
        }
    }

    /// The inverse of [#pack].
    static void unpack(int m, int d, float[] panels, int at, float[] x, int xo, int ld) {
        int w;
        for (int j = 0; j < m; j += w) {
            w = width(m - j);
            BlockTranspose.run(d, Math.min(w, m - j), panels, at + j * d, w, x, xo + j * ld, ld);
        }
    }

    /// Packs m rows of d features, times `factor`, as the right operand of [#addRows]: the queries of
    /// each panel are the steps of a product of their own, or all queries those of one where rows are
    /// copied.
    static void packRows(int m, int d, float factor, float[] x, int xo, int ld, float[] panels, int at) {
        if (FENCED) {
            RowPanels.pack(d, m, x, xo, ld, 1, panels, at);
            if (factor != 1f) {
                BinaryLoops.mul(panels, at, factor, panels, at, RowPanels.floats(d, m));
            }
            return;
        }
        int w;
        for (int j = 0; j < m; j += w) {
            w = RowPanels.width(m - j);
            int to = at + RowPanels.floats(d, j);
            int n = Math.min(w, m - j);
            RowPanels.pack(d, n, x, xo + j * ld, ld, 1, panels, to);
            if (factor != 1f) {
                BinaryLoops.mul(panels, to, factor, panels, to, RowPanels.floats(d, n));
            }
        }
    }

    /// Adds to the rows of the window's keys in y, `ld` apart, the products of its tile with the packed rows of its
    /// queries, `d` features each.
    static void addRows(
            AttentionWindow a, int d, float[] tile, int to, float[] panels, int at, float[] y, int yo, int ld) {
        if (FENCED) {
            addStrips(a, d, tile, to, panels, at, y, yo, ld);
            return;
        }
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            int steps = a.count(j);
            int b = at + RowPanels.floats(d, j);
            int width;
            for (int c = 0; c < d; c += width) {
                width = RowPanels.width(d - c);
                int count = Math.min(width, d - c);
                RowPanels.add(
                        n, count, steps, tile, to + j * KEYS, w, panels, b + c * steps, y, yo + c, ld, y, yo + c, ld);
            }
        }
    }

    /// Writes the products of the window's keys, rows that are read in place, with its packed queries of `depth`
    /// features to a tile.
    static void product(
            AttentionWindow a, int depth, float[] rows, int ro, int ld, float[] panels, int at, float[] tile, int to) {
        if (FENCED && depth <= FencedKernel.DEPTH) {
            productStrips(a, depth, rows, ro, ld, panels, at, tile, to);
            return;
        }
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            int c = to + j * KEYS;
            RowPanels.add(n, w, depth, rows, ro, ld, panels, at + j * depth, GemmKernel.ZEROS, 0, 0, tile, c, w);
        }
    }

    /// [#product] by copied rows.
    private static void productStrips(
            AttentionWindow a, int depth, float[] rows, int ro, int ld, float[] panels, int at, float[] tile, int to) {
        float[] strip = Scratch.floats(Scratch.GEMM_A, STRIP * PITCH);
        int n = a.reach(a.queries() - 1);
        for (int i = 0; i < n; i += STRIP) {
            int high = Math.min(STRIP, n - i);
            copyRows(high, depth, rows, ro + i * ld, ld, strip);
            for (int j = 0; j < a.queries(); j += a.width(j)) {
                int w = a.width(j);
                if (i < a.reach(j)) {
                    int c = to + j * KEYS + i * w;
                    int even = high + high % 2; // the panel has room for a row that nobody reads
                    strip(even, w, depth, strip, panels, at + j * depth, GemmKernel.ZEROS, 0, 0, tile, c, w);
                }
            }
        }
    }

    /// Adds the products of n rows, a step for each key of the window, with its tile to packed sums of n rows, or
    /// writes them if `first`.
    static void addProduct(
            AttentionWindow a,
            boolean first,
            int n,
            float[] rows,
            int ro,
            int ld,
            float[] tile,
            int to,
            float[] sums,
            int at) {
        float[] start = first ? GemmKernel.ZEROS : sums;
        int strips = FENCED ? STRIP : n;
        float[] strip = FENCED ? Scratch.floats(Scratch.GEMM_A, STRIP * PITCH) : GemmKernel.ZEROS;
        for (int i = 0; i < n; i += strips) {
            int high = Math.min(strips, n - i);
            if (FENCED) {
                copyRows(high, a.keys(), rows, ro + i * ld, ld, strip);
            }
            for (int j = 0; j < a.queries(); j += a.width(j)) {
                int w = a.width(j);
                int b = to + j * KEYS;
                int c = at + j * n + i * w;
                int f = first ? 0 : c;
                int ldf = first ? 0 : w;
                if (FENCED) {
                    strip(high, w, a.reach(j), strip, tile, b, start, f, ldf, sums, c, w);
                } else {
                    RowPanels.add(n, w, a.reach(j), rows, ro, ld, tile, b, start, f, ldf, sums, c, w);
                }
            }
        }
    }

    /// [#addRows] with the rows of all panels put together.
    private static void addStrips(
            AttentionWindow a, int d, float[] tile, int to, float[] panels, int at, float[] y, int yo, int ld) {
        float[] strip = Scratch.floats(Scratch.GEMM_A, STRIP * PITCH);
        int m = a.queries();
        int n = a.reach(m - 1);
        for (int i = 0; i < n; i += STRIP) {
            int high = Math.min(STRIP, n - i);
            int first = 0;
            while (a.reach(first) <= i) {
                first += a.width(first);
            }
            for (int j = first; j < m; j += a.width(j)) {
                int w = a.width(j);
                for (int r = 0; r < high; r++) {
                    System.arraycopy(tile, to + j * KEYS + (i + r) * w, strip, r * PITCH + j - first, a.count(j));
                }
            }
            int width;
            for (int c = 0; c < d; c += width) {
                width = RowPanels.width(d - c);
                int b = at + c * m + first * width;
                int corner = yo + i * ld + c;
                strip(high, Math.min(width, d - c), m - first, strip, panels, b, y, corner, ld, y, corner, ld);
            }
        }
    }

    private static void copyRows(int n, int depth, float[] rows, int ro, int ld, float[] strip) {
        for (int r = 0; r < n; r++) {
            System.arraycopy(rows, ro + r * ld, strip, r * PITCH, depth);
        }
    }

    private static void strip(
            int rows,
            int columns,
            int depth,
            float[] strip,
            float[] b,
            int bo,
            float[] f,
            int fo,
            int ldf,
            float[] c,
            int co,
            int ldc) {
        int fenced = columns == 2 * L ? rows / 2 * 2 : 0;
        if (fenced > 0) {
            FencedKernel.tile(fenced, columns, depth, strip, 0, b, bo, f, fo, ldf, c, co, ldc);
        }
        if (fenced < rows) {
            int row = fenced * PITCH;
            RowPanels.add(
                    rows - fenced,
                    columns,
                    depth,
                    strip,
                    row,
                    PITCH,
                    b,
                    bo,
                    f,
                    fo + fenced * ldf,
                    ldf,
                    c,
                    co + fenced * ldc,
                    ldc);
        }
    }

    /// Applies the mask, and hides keys that their query may not see.
    static void hide(AttentionWindow a, AttentionMask mask, int head, float[] tile, int to) {
        if (mask == AttentionMask.NONE && !a.isCut()) {
            return;
        }
        int heads = a.shape().heads();
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            int at = to + j * KEYS;
            if (mask != AttentionMask.NONE) {
                for (int i = 0; i < a.count(j); i++) {
                    mask.apply(head / heads, head % heads, a.query() + j + i, a.key(), tile, at + i, w, n);
                }
            }
            for (int i = 0; a.isCut() && i < n; i++) {
                Arrays.fill(tile, at + i * w, at + i * w + a.blind(j, i), Float.NEGATIVE_INFINITY);
            }
        }
    }

    /// Moves the running maxima of the queries up to the scores of the keys, writes what weights are now relative to (0
    /// where all is hidden) and by how much older sums shrink.
    static void raise(AttentionWindow a, float[] tile, int to, float[] max, float[] shift, float[] shrink) {
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            for (int v = 0; v < w; v += L) {
                raise(n, tile, to + j * KEYS + v, w, max, shift, shrink, j + v);
            }
        }
        int lanes = (a.queries() + L - 1) / L * L;
        if (a.key() == 0) {
            Arrays.fill(shrink, 0, lanes, 0f); // there are no older sums
        } else {
            UnaryLoops.exp(shrink, 0, shrink, 0, lanes);
        }
    }

    /// One vector of queries. Scores that are NaN are no maximum; their weights are NaN whatever it is.
    private static void raise(
            int n, float[] tile, int at, int step, float[] max, float[] shift, float[] shrink, int query) {
        FloatVector old = FloatVector.fromArray(S, max, query);
        FloatVector m0 = old;
        FloatVector m1 = old;
        FloatVector m2 = old;
        FloatVector m3 = old;
        int p = at;
        int i = 0;
        for (; i <= n - 4; i += 4) {
            FloatVector v0 = FloatVector.fromArray(S, tile, p);
            FloatVector v1 = FloatVector.fromArray(S, tile, p + step);
            FloatVector v2 = FloatVector.fromArray(S, tile, p + 2 * step);
            FloatVector v3 = FloatVector.fromArray(S, tile, p + 3 * step);
            m0 = m0.blend(v0, v0.compare(VectorOperators.GT, m0));
            m1 = m1.blend(v1, v1.compare(VectorOperators.GT, m1));
            m2 = m2.blend(v2, v2.compare(VectorOperators.GT, m2));
            m3 = m3.blend(v3, v3.compare(VectorOperators.GT, m3));
            p += 4 * step;
        }
        for (; i < n; i++) {
            FloatVector v0 = FloatVector.fromArray(S, tile, p);
            m0 = m0.blend(v0, v0.compare(VectorOperators.GT, m0));
            p += step;
        }
        m0 = m0.blend(m1, m1.compare(VectorOperators.GT, m0));
        m2 = m2.blend(m3, m3.compare(VectorOperators.GT, m2));
        m0 = m0.blend(m2, m2.compare(VectorOperators.GT, m0));
        m0.intoArray(max, query);
        FloatVector top = m0.blend(0f, m0.compare(VectorOperators.EQ, Float.NEGATIVE_INFINITY));
        top.intoArray(shift, query);
        old.sub(top).intoArray(shrink, query);
    }

    /// Turns scores into weights and puts their sums into `sum`, after the older ones have shrunk.
    static void weights(AttentionWindow a, float[] tile, int to, float[] shift, float[] shrink, float[] sum) {
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            for (int v = 0; v < w; v += L) {
                weights(n, tile, to + j * KEYS + v, w, shift, shrink, sum, j + v);
            }
        }
    }

    private static void weights(
            int n, float[] tile, int at, int step, float[] shift, float[] shrink, float[] sum, int query) {
        FloatVector top = FloatVector.fromArray(S, shift, query);
        FloatVector total = FloatVector.zero(S);
        int p = at;
        for (int i = 0; i < n; i++) {
            FloatVector x = FloatVector.fromArray(S, tile, p).sub(top);
            VectorMask<Float> none = x.compare(VectorOperators.LT, WEIGHT_MIN);
            FloatVector v = x.blend(0f, none);
            FloatVector r = v.fma(LOG2_E, MAGIC);
            FloatVector power = r.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(ONE_BITS)
                    .reinterpretAsFloats();
            FloatVector k = r.sub(MAGIC);
            r = k.fma(FloatVector.broadcast(S, -LN2_HI), v);
            r = k.fma(FloatVector.broadcast(S, -LN2_LO), r);
            FloatVector q = r.fma(E5, E4);
            q = q.fma(r, FloatVector.broadcast(S, E3));
            q = q.fma(r, FloatVector.broadcast(S, E2));
            q = q.fma(r, FloatVector.broadcast(S, E1));
            q = q.fma(r, FloatVector.broadcast(S, E0));
            q = r.mul(r).fma(q, r).add(1f);
            q = q.mul(power).blend(0f, none);
            q.intoArray(tile, p);
            total = total.add(q);
            p += step;
        }
        FloatVector.fromArray(S, sum, query)
                .fma(FloatVector.fromArray(S, shrink, query), total)
                .intoArray(sum, query);
    }

    /// `scores = p (dp - dot)` and `dp = p`, with `p = e^(score - shift)`.
    static void slopes(AttentionWindow a, float[] scores, int so, float[] dp, int dpo, float[] shift, float[] dots) {
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            for (int v = 0; v < w; v += L) {
                int at = j * KEYS + v;
                slopes(n, scores, so + at, dp, dpo + at, w, shift, dots, j + v);
            }
        }
    }

    private static void slopes(
            int n, float[] scores, int so, float[] dp, int dpo, int step, float[] shift, float[] dots, int query) {
        FloatVector top = FloatVector.fromArray(S, shift, query);
        FloatVector dot = FloatVector.fromArray(S, dots, query);
        int p = 0;
        for (int i = 0; i < n; i++) {
            FloatVector x = FloatVector.fromArray(S, scores, so + p).sub(top);
            VectorMask<Float> none = x.compare(VectorOperators.LT, WEIGHT_MIN);
            FloatVector v = x.blend(0f, none);
            FloatVector r = v.fma(LOG2_E, MAGIC);
            FloatVector power = r.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(ONE_BITS)
                    .reinterpretAsFloats();
            FloatVector k = r.sub(MAGIC);
            r = k.fma(FloatVector.broadcast(S, -LN2_HI), v);
            r = k.fma(FloatVector.broadcast(S, -LN2_LO), r);
            FloatVector q = r.fma(E5, E4);
            q = q.fma(r, FloatVector.broadcast(S, E3));
            q = q.fma(r, FloatVector.broadcast(S, E2));
            q = q.fma(r, FloatVector.broadcast(S, E1));
            q = q.fma(r, FloatVector.broadcast(S, E0));
            q = r.mul(r).fma(q, r).add(1f);
            q = q.mul(power).blend(0f, none);
            FloatVector.fromArray(S, dp, dpo + p).sub(dot).mul(q).intoArray(scores, so + p);
            q.intoArray(dp, dpo + p);
            p += step;
        }
    }

    /// Packed values of `d` features times a factor for each query.
    static void scale(int m, int d, float[] panels, int at, float[] factors) {
        int w;
        for (int j = 0; j < m; j += w) {
            w = width(m - j);
            for (int v = 0; v < w; v += L) {
                scale(d, panels, at + j * d + v, w, factors, j + v);
            }
        }
    }

    private static void scale(int d, float[] panels, int at, int step, float[] factors, int query) {
        FloatVector f = FloatVector.fromArray(S, factors, query);
        int p = at;
        for (int i = 0; i < d; i++) {
            FloatVector.fromArray(S, panels, p).mul(f).intoArray(panels, p);
            p += step;
        }
    }

    /// Sets dropped weights to 0 and divides the others by 1 - p.
    static void drop(AttentionWindow a, int head, float[] tile, int to) {
        AttentionShape shape = a.shape();
        boolean[] kept = new boolean[a.keys()];
        float factor = (float) (1 / (1 - shape.dropout()));
        for (int j = 0; j < a.queries(); j += a.width(j)) {
            int w = a.width(j);
            int n = a.reach(j);
            for (int i = 0; i < a.count(j); i++) {
                long row = (long) head * shape.queries() + a.query() + j + i;
                Philox.keep(shape.seed(), shape.stream(), row * shape.keys() + a.key(), shape.dropout(), kept);
                int at = to + j * KEYS + i;
                for (int key = 0; key < n; key++) {
                    float weight = tile[at + key * w];
                    tile[at + key * w] = kept[key] ? weight * factor : 0f;
                }
            }
        }
    }
}
