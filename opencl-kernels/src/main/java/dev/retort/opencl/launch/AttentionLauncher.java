package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceLimits;
import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/attention_tiles.cl` where a card computes in `F32` and heads are at most 128 wide, otherwise
/// `kernels/attention_rows.cl`, each behind `kernels/attention.cl`: [AttentionOp].
final class AttentionLauncher {
    private static final String ROWS = "attention+attention_rows";
    private static final String TILES = "attention+attention_tiles";
    private static final int MOST_TILE = 16; // of rows
    private static final int QUAD = 4;
    private static final int MOST_GROUP = 64; // of rows

    private AttentionLauncher() {}

    static Tensor[] run(Task t, AttentionOp op) {
        return switch (op) {
            case AttentionOp.Attention _ -> forward(t, op);
            case AttentionOp.AttentionBackward _ -> backward(t, op);
        };
    }

    /// The operands, strided; `g`, the gradient of the result, is any of them where there is none.
    private record Operands(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor g,
            @Nullable Tensor mask) {
        /// The struct of the kernels, but for `causal`.
        int[] fields(int out, int lse) {
            IntStream.Builder fields = IntStream.builder();
            IntStream.of(q.size(0), q.size(1), k.size(1), q.size(2), k.size(2), q.size(3), v.size(3))
                    .forEach(fields);
            IntStream.of(q.offset(), k.offset(), v.offset(), g.offset(), mask == null ? 0 : mask.offset())
                    .forEach(fields);
            fields.add(out).add(lse);
            for (Tensor x : List.of(q, k, v, g)) {
                IntStream.of(x.strides()).forEach(fields);
            }
            IntStream.of(maskSteps()).forEach(fields);
            fields.add(mask == null ? 0 : mask.dtype() == DType.BOOL ? 1 : 2);
            return fields.build().toArray();
        }

        /// Whether rows can be read as four `F32` at once.
        boolean quads() {
            return Stream.of(q, k, v, g).allMatch(x -> {
                int[] steps = x.strides();
                boolean whole = x.dtype() == DType.F32 && steps[3] == 1 && x.offset() % QUAD == 0;
                return whole
                        && steps[0] % QUAD == 0
                        && steps[1] % QUAD == 0
                        && steps[2] % QUAD == 0
                        && x.size(3) % QUAD == 0;
            });
        }

        private int[] maskSteps() {
            int[] steps = new int[4];
            if (mask != null) {
                int[] strides = mask.strides();
                for (int d = 0; d < strides.length; d++) {
                    steps[4 - strides.length + d] = mask.size(d) == 1 ? 0 : strides[d];
                }
            }
            return steps;
        }
    }

    private static int[] causal(int[] fields, AttentionOp op) {
        int[] all = Arrays.copyOf(fields, fields.length + 1);
        all[fields.length] = op.causal() ? 1 : 0;
        return all;
    }

    /// Kernels for a direction: their files, their definitions and the work-items of a group.
    private record Kernels(String files, String variant, int block, int items) {
        boolean tiled() {
            return files.equals(TILES);
        }

        /// Work-groups along queries (or keys), one line of them a head.
        void run(Launch launch, int length, int heads) {
            int group = Math.min(items, launch.largestGroup());
            long groups = (length + block - 1) / block;
            launch.run(new long[] {tiled() ? groups * group : length, heads}, group, 1);
        }
    }

    private static Kernels kernels(Task t, Operands in, AttentionOp op, boolean forward) {
        String types =
                Types.of(in.q.dtype()) + "#define DROP " + (t.device().limits().doubles() ? "double" : "float") + "\n";
        return tiles(t, in) ? tiled(t, types, in, op, forward) : rowwise(t, types, in);
    }

    private static Kernels rowwise(Task t, String types, Operands in) {
        int bytes = in.q.dtype() == DType.F64 ? 8 : 4;
        int d = rounded(in.q.size(3));
        int e = rounded(in.v.size(3));
        long row = (long) (d + e) * bytes;
        long fits = Math.clamp(t.device().limits().localBytes() / 2 / row, 1, MOST_TILE);
        String variant = Types.with(Types.with(types, "D", d), "E", e);
        return new Kernels(ROWS, Types.with(variant, "TILE", (int) fits), MOST_GROUP, MOST_GROUP);
    }

    private static Kernels tiled(Task t, String types, Operands in, AttentionOp op, boolean forward) {
        boolean plain = in.mask == null && op.dropout() == 0;
        boolean quads = in.quads();
        boolean copies = quads && Tile.copies(t.device(), DType.F32);
        AttentionTile tile = AttentionTile.of(Math.max(in.q.size(3), in.v.size(3)), forward);
        return new Kernels(
                TILES,
                types
                        + tile.definitions()
                        + (forward ? "#define FORWARD 1\n" : "")
                        + (plain ? "#define PLAIN 1\n" : "")
                        + (quads ? "#define QUADS 1\n" : "")
                        + (copies ? "#define COPIES 1\n" : ""),
                tile.block(),
                tile.items());
    }

    /// Whether the kernels of the tiles take this on this device; where tensor cores are emulated, they are tested.
    private static boolean tiles(Task t, Operands in) {
        DeviceLimits limits = t.device().limits();
        boolean card = !limits.cpu() || t.device().tensorCores().isEmulated();
        return card
                && in.q.dtype() != DType.F64
                && Math.max(in.q.size(3), in.v.size(3)) <= AttentionTile.WIDEST
                && limits.localBytes() >= AttentionTile.LOCAL_BYTES
                && limits.groupSize() >= AttentionTile.MOST_ITEMS;
    }

    /// A width that a variant is compiled for: 8, 16, 32, 64, or a multiple of 64.
    private static int rounded(int width) {
        return width > 64 ? (width + 63) / 64 * 64 : Math.max(8, Integer.highestOneBit(2 * width - 1));
    }

    private static Launch start(Task t, Kernels kernels, String kernel, int[] fields, AttentionOp op, DType dtype) {
        boolean doubles = t.device().limits().doubles();
        double p = op.dropout();
        double limit = doubles || (float) p >= p ? p : Math.nextUp((float) p);
        return t.kernel(kernels.files, kernels.variant, kernel)
                .struct(fields)
                .scalar(dtype, op.scale())
                .scalar(doubles ? DType.F64 : DType.F32, limit)
                .scalar(dtype, 1 - p)
                .number(op.seed())
                .number(op.stream());
    }

    private static boolean isEmpty(Operands in) {
        return in.q.numel() == 0 || in.k.numel() == 0 || in.v.numel() == 0;
    }

    private static Tensor[] forward(Task t, AttentionOp op) {
        Tensor[] all = t.in();
        Operands in = new Operands(all[0], all[1], all[2], all[0], all.length == 4 ? all[3] : null);
        if (isEmpty(in)) {
            Tensor lse = ShapeLauncher.fill(t, t.result(1), Double.NEGATIVE_INFINITY);
            return new Tensor[] {t.zeros(t.out()[0]), in.q.size(3) == 0 ? emptyWidth(in, op, lse) : lse};
        }
        Tensor out = t.result(0);
        Tensor lse = t.result(1);
        Tensor mask = in.mask == null ? in.q : in.mask;
        Kernels kernels = kernels(t, in, op, true);
        Launch launch = start(t, kernels, "attention", causal(in.fields(0, 0), op), op, in.q.dtype())
                .buffer(out)
                .buffer(lse)
                .buffer(in.q)
                .buffer(in.k)
                .buffer(in.v)
                .buffer(mask)
                .buffer(mask);
        kernels.run(launch, in.q.size(2), in.q.size(0) * in.q.size(1));
        return new Tensor[] {out, lse};
    }

    /// Scores of vectors without elements are 0: every key counts the same.
    private static Tensor emptyWidth(Operands in, AttentionOp op, Tensor lse) {
        return in.k.size(2) == 0 || op.causal() || in.mask != null ? lse : lse.fullLike(Math.log(in.k.size(2)));
    }

    private static Tensor[] backward(Task t, AttentionOp op) {
        Tensor[] all = t.in();
        Operands in = new Operands(all[1], all[2], all[3], all[0], all.length == 7 ? all[6] : null);
        if (isEmpty(in)) {
            return new Tensor[] {t.zeros(t.out()[0]), t.zeros(t.out()[1]), t.zeros(t.out()[2])};
        }
        Tensor out = t.dense(4);
        Tensor lse = t.dense(5);
        int[] fields = causal(in.fields(out.offset(), lse.offset()), op);
        Kernels kernels = kernels(t, in, op, false);
        int rows = lse.numel();
        Tensor delta = t.fresh(in.q.dtype() == DType.F64 ? DType.F64 : DType.F32, rows);
        t.each(
                t.kernel(kernels.files, kernels.variant, "attention_delta")
                        .struct(fields)
                        .buffer(delta)
                        .buffer(in.g)
                        .buffer(out),
                rows);
        Tensor[] results = {t.result(0), t.result(1), t.result(2)};
        Launch query = start(t, kernels, "attention_query_gradient", fields, op, in.q.dtype())
                .buffer(results[0])
                .buffer(delta);
        kernels.run(operands(query, in, lse), in.q.size(2), in.q.size(0) * in.q.size(1));
        if (kernels.tiled()) {
            Launch both = start(t, kernels, "attention_key_value_gradient", fields, op, in.q.dtype())
                    .buffer(results[1])
                    .buffer(results[2])
                    .buffer(delta);
            kernels.run(operands(both, in, lse), in.k.size(2), in.k.size(0) * in.k.size(1));
        } else {
            String[] names = {"attention_key_gradient", "attention_value_gradient"};
            for (int i = 0; i < names.length; i++) {
                Launch key = start(t, kernels, names[i], fields, op, in.q.dtype())
                        .buffer(results[i + 1])
                        .buffer(delta);
                kernels.run(operands(key, in, lse), in.k.size(2), in.k.size(0) * in.k.size(1));
            }
        }
        ((DeviceStorage) delta.storage()).release();
        return results;
    }

    private static Launch operands(Launch launch, Operands in, Tensor lse) {
        Tensor mask = in.mask == null ? in.q : in.mask;
        return launch.buffer(in.g)
                .buffer(in.q)
                .buffer(in.k)
                .buffer(in.v)
                .buffer(lse)
                .buffer(mask)
                .buffer(mask);
    }
}
