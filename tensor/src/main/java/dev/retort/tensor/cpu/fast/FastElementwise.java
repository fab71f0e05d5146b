package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.Workspace;
import dev.retort.tensor.cpu.Parallel;
import dev.retort.tensor.cpu.simd.loops.BinaryLoops;
import dev.retort.tensor.op.ElementwiseOp;
import org.jspecify.annotations.Nullable;

/// Float32 element-wise ops: rows of the broadcast (see [Broadcast]) are handed to the loops, in
/// parallel.
final class FastElementwise {
    /// Elements of one parallel task.
    private static final int TASK = 1 << 14;
    /// Floats of a cache line, and where the second one starts, behind an array's header.
    private static final int LINE = 16;

    private static final int FIRST = 12;
    /// Floats from which on it pays to begin the vectors of a range on a cache line.
    private static final int LONG = 256;

    private FastElementwise() {}

    static Tensor @Nullable [] run(ElementwiseOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case ElementwiseOp.Unary o -> FastUnary.covers(o) ? unary(o, in[0]) : null;
            case ElementwiseOp.UnaryBackward o -> FastUnaryBackward.covers(o.of()) ? backward(o.of(), in) : null;
            case ElementwiseOp.Binary o -> covers(o) ? binary(o, in, out[0].shape()) : null;
            case ElementwiseOp.Comparison o -> comparison(o.relation(), in, out[0].shape());
            case ElementwiseOp.WeightedSum _ -> FastWeightedSum.forward(in, out[0].shape());
            case ElementwiseOp.WeightedSumBackward _ -> FastWeightedSum.backward(in);
            case ElementwiseOp.MaskedFill o -> maskedFill((float) o.value(), in, out[0].shape());
            case ElementwiseOp.Where _, // its first input is a condition, not floats
                    ElementwiseOp.Logical _,
                    ElementwiseOp.LogicalNot _,
                    ElementwiseOp.IsNan _,
                    ElementwiseOp.IsFinite _ -> null;
        };
    }

    /// Elements of [from, to) before the first that starts a cache line, in an array that does so itself: vectors that
    /// lie across two lines are written at a tenth less than the bandwidth, and rows of 1,000 at a fifth less.
    private static int head(int from, int to) {
        return to - from < LONG ? 0 : LINE - 1 - (from + LINE - 1 - FIRST) % LINE;
    }

    private static Tensor[] unary(ElementwiseOp.Unary op, Tensor in) {
        Dense x = Dense.of(in);
        float[] y = Workspace.overwritten(in.numel());
        Parallel.forRange(y.length, TASK, (from, to) -> {
            int start = from + head(from, to);
            FastUnary.run(op, x.data(), x.offset() + from, y, from, start - from);
            FastUnary.run(op, x.data(), x.offset() + start, y, start, to - start);
        });
        return Dense.one(y, in.shape());
    }

    private static Tensor[] backward(ElementwiseOp.Unary op, Tensor[] in) {
        Dense g = Dense.of(in[0]);
        Dense x = Dense.of(in[1]);
        Dense y = Dense.of(in[2]);
        float[] dx = Workspace.overwritten(in[1].numel());
        Parallel.forRange(
                dx.length,
                TASK,
                (from, to) -> FastUnaryBackward.run(
                        op,
                        g.data(),
                        g.offset() + from,
                        x.data(),
                        x.offset() + from,
                        y.data(),
                        y.offset() + from,
                        dx,
                        from,
                        to - from));
        return Dense.one(dx, in[1].shape());
    }

    private static boolean covers(ElementwiseOp.Binary op) {
        return !(op instanceof ElementwiseOp.RareBinary);
    }

    private static Tensor[] binary(ElementwiseOp.Binary op, Tensor[] in, Shape out) {
        Broadcast walk = new Broadcast(out, in[0], in[1]);
        float[] a = Dense.array(in[0]);
        float[] b = Dense.array(in[1]);
        float[] y = Workspace.overwritten(out.numel());
        RepeatedRow rowA = RepeatedRow.of(walk, 0, a);
        RepeatedRow rowB = RepeatedRow.of(walk, 1, b);
        if (rowB != null) {
            int ao = walk.start(0, 0);
            pieces(rowB, y.length, (yo, at, n) -> vectorVector(op, a, ao + yo, rowB.data, at, y, yo, n));
        } else if (rowA != null) {
            int bo = walk.start(1, 0);
            pieces(rowA, y.length, (yo, at, n) -> vectorVector(op, rowA.data, at, b, bo + yo, y, yo, n));
        } else if (walk.rows == 1) {
            int ao = walk.start(0, 0);
            int bo = walk.start(1, 0);
            int as = walk.step[0];
            int bs = walk.step[1];
            Parallel.forRange(walk.length, TASK, (from, to) -> {
                aligned(op, a, ao + from * as, as, b, bo + from * bs, bs, y, from, to - from);
            });
        } else {
            Parallel.forRange(walk.rows, Math.max(1, TASK / walk.length), (from, to) -> {
                for (int r = from; r < to; r++) {
                    aligned(
                            op,
                            a,
                            walk.start(0, r),
                            walk.step[0],
                            b,
                            walk.start(1, r),
                            walk.step[1],
                            y,
                            r * walk.length,
                            walk.length);
                }
            });
        }
        return Dense.one(y, out);
    }

    /// Runs `piece` over a result of `length` elements; vectors start lines where the tasks' first elements let them.
    private static void pieces(RepeatedRow row, int length, RepeatedRow.Piece piece) {
        Parallel.forRange(length, TASK, (from, to) -> {
            int start = from + head(from, to);
            row.cut(from, start, piece);
            row.cut(start, to, piece);
        });
    }

    /// One row, of which the first elements go apart so that the vectors of the others start cache lines.
    private static void aligned(
            ElementwiseOp.Binary op, float[] a, int ao, int as, float[] b, int bo, int bs, float[] y, int yo, int n) {
        int h = head(yo, yo + n);
        if (h > 0) { // short rows have no such elements
            row(op, a, ao, as, b, bo, bs, y, yo, h);
        }
        row(op, a, ao + h * as, as, b, bo + h * bs, bs, y, yo + h, n - h);
    }

    /// One row, by the layout of its operands.
    private static void row(
            ElementwiseOp.Binary op, float[] a, int ao, int as, float[] b, int bo, int bs, float[] y, int yo, int n) {
        if (as == 1 && bs == 1) {
            vectorVector(op, a, ao, b, bo, y, yo, n);
        } else if (as == 1 && bs == 0) {
            vectorScalar(op, a, ao, b[bo], y, yo, n);
        } else if (as == 0 && bs == 1) {
            scalarVector(op, a[ao], b, bo, y, yo, n);
        } else {
            strided(op, a, ao, as, b, bo, bs, y, yo, n);
        }
    }

    private static void vectorVector(
            ElementwiseOp.Binary op, float[] a, int ao, float[] b, int bo, float[] y, int yo, int n) {
        switch (op) {
            case ElementwiseOp.Add _ -> BinaryLoops.add(a, ao, b, bo, y, yo, n);
            case ElementwiseOp.Sub _ -> BinaryLoops.sub(a, ao, b, bo, y, yo, n);
            case ElementwiseOp.Mul _ -> BinaryLoops.mul(a, ao, b, bo, y, yo, n);
            case ElementwiseOp.Div _ -> BinaryLoops.div(a, ao, b, bo, y, yo, n);
            case ElementwiseOp.Maximum _ -> BinaryLoops.max(a, ao, b, bo, y, yo, n);
            case ElementwiseOp.Minimum _ -> BinaryLoops.min(a, ao, b, bo, y, yo, n);
            case ElementwiseOp.RareBinary _ -> throw new AssertionError(op.name());
        }
    }

    private static void vectorScalar(ElementwiseOp.Binary op, float[] a, int ao, float b, float[] y, int yo, int n) {
        switch (op) {
            case ElementwiseOp.Add _ -> BinaryLoops.add(a, ao, b, y, yo, n);
            case ElementwiseOp.Sub _ -> BinaryLoops.sub(a, ao, b, y, yo, n);
            case ElementwiseOp.Mul _ -> BinaryLoops.mul(a, ao, b, y, yo, n);
            case ElementwiseOp.Div _ -> BinaryLoops.div(a, ao, b, y, yo, n);
            case ElementwiseOp.Maximum _ -> BinaryLoops.max(a, ao, b, y, yo, n);
            case ElementwiseOp.Minimum _ -> BinaryLoops.min(a, ao, b, y, yo, n);
            case ElementwiseOp.RareBinary _ -> throw new AssertionError(op.name());
        }
    }

    private static void scalarVector(ElementwiseOp.Binary op, float a, float[] b, int bo, float[] y, int yo, int n) {
        switch (op) {
            case ElementwiseOp.Add _ -> BinaryLoops.add(b, bo, a, y, yo, n);
            case ElementwiseOp.Sub _ -> BinaryLoops.sub(a, b, bo, y, yo, n);
            case ElementwiseOp.Mul _ -> BinaryLoops.mul(b, bo, a, y, yo, n);
            case ElementwiseOp.Div _ -> BinaryLoops.div(a, b, bo, y, yo, n);
            case ElementwiseOp.Maximum _ -> BinaryLoops.max(b, bo, a, y, yo, n);
            case ElementwiseOp.Minimum _ -> BinaryLoops.min(b, bo, a, y, yo, n);
            case ElementwiseOp.RareBinary _ -> throw new AssertionError(op.name());
        }
    }

    private static void strided(
            ElementwiseOp.Binary op, float[] a, int ao, int as, float[] b, int bo, int bs, float[] y, int yo, int n) {
        switch (op) {
            case ElementwiseOp.Add _ -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = a[ao + i * as] + b[bo + i * bs];
                }
            }
            case ElementwiseOp.Sub _ -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = a[ao + i * as] - b[bo + i * bs];
                }
            }
            case ElementwiseOp.Mul _ -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = a[ao + i * as] * b[bo + i * bs];
                }
            }
            case ElementwiseOp.Div _ -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = a[ao + i * as] / b[bo + i * bs];
                }
            }
            case ElementwiseOp.Maximum _ -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = Math.max(a[ao + i * as], b[bo + i * bs]);
                }
            }
            case ElementwiseOp.Minimum _ -> {
                for (int i = 0; i < n; i++) {
                    y[yo + i] = Math.min(a[ao + i * as], b[bo + i * bs]);
                }
            }
            case ElementwiseOp.RareBinary _ -> throw new AssertionError(op.name());
        }
    }

    private static Tensor[] comparison(ElementwiseOp.Relation relation, Tensor[] in, Shape out) {
        Broadcast walk = new Broadcast(out, in[0], in[1]);
        float[] a = Dense.array(in[0]);
        float[] b = Dense.array(in[1]);
        byte[] y = new byte[out.numel()];
        Parallel.forRange(walk.rows, Math.max(1, TASK / walk.length), (from, to) -> {
            for (int r = from; r < to; r++) {
                compare(
                        relation,
                        a,
                        walk.start(0, r),
                        walk.step[0],
                        b,
                        walk.start(1, r),
                        walk.step[1],
                        y,
                        r * walk.length,
                        walk.length);
            }
        });
        HostStorage storage = HostStorage.wrap(DType.BOOL, y);
        return new Tensor[] {Tensor.of(storage, 0, out, out.contiguousStrides())};
    }

    private static void compare(
            ElementwiseOp.Relation relation,
            float[] a,
            int ao,
            int as,
            float[] b,
            int bo,
            int bs,
            byte[] y,
            int yo,
            int n) {
        for (int i = 0; i < n; i++) {
            float u = a[ao + i * as];
            float v = b[bo + i * bs];
            boolean holds = switch (relation) {
                case EQ -> u == v;
                case NE -> u != v;
                case LT -> u < v;
                case LE -> u <= v;
                case GT -> u > v;
                case GE -> u >= v;
            };
            y[yo + i] = (byte) (holds ? 1 : 0);
        }
    }

    private static Tensor[] maskedFill(float value, Tensor[] in, Shape out) {
        Broadcast walk = new Broadcast(out, in[0], in[1]);
        float[] x = Dense.array(in[0]);
        byte[] mask = ((HostStorage) in[1].storage()).bytes();
        float[] y = Workspace.overwritten(out.numel());
        Parallel.forRange(walk.rows, Math.max(1, TASK / walk.length), (from, to) -> {
            for (int r = from; r < to; r++) {
                int xo = walk.start(0, r);
                int mo = walk.start(1, r);
                int yo = r * walk.length;
                for (int i = 0; i < walk.length; i++) {
                    y[yo + i] = mask[mo + i * walk.step[1]] != 0 ? value : x[xo + i * walk.step[0]];
                }
            }
        });
        return Dense.one(y, out);
    }
}
