package dev.retort.opencl.launch;

import dev.retort.opencl.runtime.DeviceStorage;
import dev.retort.opencl.runtime.Launch;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.AttentionOp;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Launches `kernels/attention.cl`: [AttentionOp].
final class AttentionLauncher {
    private static final int MOST_TILE = 16;

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
        Tensor[] all = t.in();
        Operands in = new Operands(all[0], all[1], all[2], all[0], all.length == 4 ? all[3] : null);
        if (isEmpty(in)) {
            Tensor lse = ShapeLauncher.fill(t, t.result(1), Double.NEGATIVE_INFINITY);
            return new Tensor[] {t.zeros(t.out()[0]), in.q.size(3) == 0 ? emptyWidth(in, op, lse) : lse};
        }
        Tensor out = t.result(0);
        Tensor lse = t.result(1);
        Tensor mask = in.mask == null ? in.q : in.mask;
        Launch launch = start(t, variant(t, in.q, in.v), "attention", causal(in.fields(0, 0), op), op, in.q.dtype())
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
        Tensor[] all = t.in();
        Operands in = new Operands(all[1], all[2], all[3], all[0], all.length == 7 ? all[6] : null);
        if (isEmpty(in)) {
            return new Tensor[] {t.zeros(t.out()[0]), t.zeros(t.out()[1]), t.zeros(t.out()[2])};
        }
        Tensor out = t.dense(4);
        Tensor lse = t.dense(5);
        int[] fields = causal(in.fields(out.offset(), lse.offset()), op);
        String variant = variant(t, in.q, in.v);
        int rows = lse.numel();
        Tensor delta = t.fresh(in.q.dtype() == DType.F64 ? DType.F64 : DType.F32, rows);
        t.each(
                t.kernel("attention", variant, "attention_delta")
                        .struct(fields)
                        .buffer(delta)
                        .buffer(in.g)
                        .buffer(out),
                rows);
        Tensor[] results = {t.result(0), t.result(1), t.result(2)};
        Launch query = start(t, variant, "attention_query_gradient", fields, op, in.q.dtype())
                .buffer(results[0])
                .buffer(delta);
        run(t, operands(query, in, lse), in.q.size(2), in.q.size(0) * in.q.size(1));
        String[] kernels = {"attention_key_gradient", "attention_value_gradient"};
        for (int i = 0; i < kernels.length; i++) {
            Launch key = start(t, variant, kernels[i], fields, op, in.q.dtype())
                    .buffer(results[i + 1])
                    .buffer(delta);
            run(t, operands(key, in, lse), in.k.size(2), in.k.size(0) * in.k.size(1));
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
