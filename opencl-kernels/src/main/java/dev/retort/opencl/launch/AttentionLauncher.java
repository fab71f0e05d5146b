package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/attention.cl`: [AttentionOp].
final class AttentionLauncher {
    private static final int MOST_TILE = 16;
    private static final int FIELDS = 20;

    private AttentionLauncher() {}

    static Tensor[] run(Task t, AttentionOp op) {
        return switch (op) {
            case AttentionOp.Attention _ -> forward(t, op);
            case AttentionOp.AttentionBackward _ -> backward(t, op);
        };
    }

    /// The operands in row-major order, the mask in any layout.
    private record Operands(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor mask) {
        int[] fields(int g, int out, int lse) {
            int[] fields = new int[FIELDS];
            int[] head = {
                q.size(0),
                q.size(1),
                k.size(1),
                q.size(2),
                k.size(2),
                q.size(3),
                v.size(3),
                q.offset(),
                k.offset(),
                v.offset(),
                g,
                out,
                lse
            };
            System.arraycopy(head, 0, fields, 0, head.length);
            if (mask != null) {
                fields[13] = mask.offset();
                int[] strides = mask.strides();
                for (int d = 0; d < strides.length; d++) {
                    fields[14 + 4 - strides.length + d] = mask.size(d) == 1 ? 0 : strides[d];
                }
                fields[18] = mask.dtype() == DType.BOOL ? 1 : 2;
            }
            return fields;
        }
    }

    private static int[] causal(int[] fields, AttentionOp op) {
        fields[19] = op.causal() ? 1 : 0;
        return fields;
    }

    private static String variant(Task t, Tensor q, Tensor v) {
        int bytes = q.dtype() == DType.F64 ? 8 : 4;
        int d = rounded(q.size(3));
        int e = rounded(v.size(3));
        long row = (long) (d + e) * bytes;
        long fits = Math.clamp(t.device().limits().localBytes() / 2 / row, 1, MOST_TILE);
        String types =
                Types.of(q.dtype()) + "#define DROP " + (t.device().limits().doubles() ? "double" : "float") + "\n";
        types = Types.with(types, "D", d);
        types = Types.with(types, "E", e);
        return Types.with(types, "TILE", (int) fits);
    }

    /// A width that a variant is compiled for: 8, 16, 32, 64, or a multiple of 64.
    private static int rounded(int width) {
        return width > 64 ? (width + 63) / 64 * 64 : Math.max(8, Integer.highestOneBit(2 * width - 1));
    }

    private static Launch start(Task t, String variant, String kernel, int[] fields, AttentionOp op, DType dtype) {
        boolean doubles = t.device().limits().doubles();
        double p = op.dropout();
        double limit = doubles || (float) p >= p ? p : Math.nextUp((float) p);
        return t.kernel("attention", variant, kernel)
                .struct(fields)
                .scalar(dtype, op.scale())
                .scalar(doubles ? DType.F64 : DType.F32, limit)
                .scalar(dtype, 1 - p)
                .number(op.seed())
                .number(op.stream());
    }

    /// Rows of work-items over queries (or keys), one line of groups a head.
    private static void run(Task t, Launch launch, int length, int heads) {
        int group = Math.min(64, launch.largestGroup());
        launch.run(new long[] {length, heads}, group, 1);
    }

    private static boolean isEmpty(Operands in) {
        return in.q.numel() == 0 || in.k.numel() == 0 || in.v.numel() == 0;
    }

    private static Tensor[] forward(Task t, AttentionOp op) {
        Operands in = new Operands(t.dense(0), t.dense(1), t.dense(2), t.in().length == 4 ? t.in()[3] : null);
        if (isEmpty(in)) {
            Tensor lse = ShapeLauncher.fill(t, t.result(1), Double.NEGATIVE_INFINITY);
            return new Tensor[] {t.zeros(t.out()[0]), in.q.size(3) == 0 ? emptyWidth(in, op, lse) : lse};
        }
        Tensor out = t.result(0);
        Tensor lse = t.result(1);
        Tensor mask = in.mask == null ? in.q : in.mask;
        Launch launch = start(t, variant(t, in.q, in.v), "attention", causal(in.fields(0, 0, 0), op), op, in.q.dtype())
                .buffer(out)
                .buffer(lse)
                .buffer(in.q)
                .buffer(in.k)
                .buffer(in.v)
                .buffer(mask)
                .buffer(mask);
        run(t, launch, in.q.size(2), in.q.size(0) * in.q.size(1));
        return new Tensor[] {out, lse};
    }

    /// Scores of vectors without elements are 0: every key counts the same.
    private static Tensor emptyWidth(Operands in, AttentionOp op, Tensor lse) {
        return in.k.size(2) == 0 || op.causal() || in.mask != null ? lse : lse.fullLike(Math.log(in.k.size(2)));
    }

    private static Tensor[] backward(Task t, AttentionOp op) {
        Tensor g = t.dense(0);
        Operands in = new Operands(t.dense(1), t.dense(2), t.dense(3), t.in().length == 7 ? t.in()[6] : null);
        if (isEmpty(in)) {
            return new Tensor[] {t.zeros(t.out()[0]), t.zeros(t.out()[1]), t.zeros(t.out()[2])};
        }
        Tensor out = t.dense(4);
        Tensor lse = t.dense(5);
        int[] fields = causal(in.fields(g.offset(), out.offset(), lse.offset()), op);
        String variant = variant(t, in.q, in.v);
        int rows = lse.numel();
        Tensor delta = t.fresh(in.q.dtype() == DType.F64 ? DType.F64 : DType.F32, rows);
        t.each(
                t.kernel("attention", variant, "attention_delta")
                        .struct(fields)
                        .buffer(delta)
                        .buffer(g)
                        .buffer(out),
                rows);
        Tensor[] results = {t.result(0), t.result(1), t.result(2)};
        Launch query = start(t, variant, "attention_query_gradient", fields, op, in.q.dtype())
                .buffer(results[0])
                .buffer(delta);
        run(t, operands(query, g, in, lse), in.q.size(2), in.q.size(0) * in.q.size(1));
        Launch key = start(t, variant, "attention_key_gradient", fields, op, in.q.dtype())
                .buffer(results[1])
                .buffer(results[2])
                .buffer(delta);
        run(t, operands(key, g, in, lse), in.k.size(2), in.k.size(0) * in.k.size(1));
        ((DeviceStorage) delta.storage()).release();
        return results;
    }

    private static Launch operands(Launch launch, Tensor g, Operands in, Tensor lse) {
        Tensor mask = in.mask == null ? in.q : in.mask;
        return launch.buffer(g)
                .buffer(in.q)
                .buffer(in.k)
                .buffer(in.v)
                .buffer(lse)
                .buffer(mask)
                .buffer(mask);
    }
}
