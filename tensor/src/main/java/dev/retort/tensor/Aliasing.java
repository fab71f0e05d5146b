package dev.retort.tensor;

import dev.retort.tensor.op.ShapeOp;
import dev.retort.tensor.op.UpdateOp;
import java.util.Arrays;

/// What tensors that share a storage mean for the ops that write.
final class Aliasing {
    private Aliasing() {}

    /// Checks that no element of a destination shares its place with another one.
    ///
    /// @throws OpException if a destination is expanded
    static void checkWritable(UpdateOp op, Tensor[] inputs) {
        for (int i = 0; i < inputs.length; i++) {
            if (!op.writes(i) || inputs[i].isContiguous()) {
                continue;
            }
            int[] strides = inputs[i].strides();
            for (int d = 0; d < strides.length; d++) {
                if (strides[d] == 0 && inputs[i].size(d) > 1) {
                    throw new OpException(op.name() + ": expects a destination whose elements have places of their own,"
                            + " got the expanded tensor " + inputs[i].type() + " with strides "
                            + Arrays.toString(strides));
                }
            }
        }
    }

    /// The inputs, those replaced by copies that are only read and of which the kernel could overwrite an
    /// element before it reads it: other windows onto the same part of a storage that is written.
    static Tensor[] separated(UpdateOp op, Tensor[] inputs) {
        Tensor[] out = inputs;
        for (int i = 0; i < inputs.length; i++) {
            for (int j = 0; op.writes(i) && j < inputs.length; j++) {
                if (!op.writes(j) && overlapOutOfStep(inputs[i], inputs[j])) {
                    out = out == inputs ? inputs.clone() : out;
                    out[j] = Engine.one(new ShapeOp.Contiguous(), inputs[j].detach());
                }
            }
        }
        return out;
    }

    private static boolean overlapOutOfStep(Tensor a, Tensor b) {
        if (a.storage() != b.storage() || a.numel() == 0 || b.numel() == 0) {
            return false;
        }
        boolean sameWindow = a.offset() == b.offset()
                && a.shape().equals(b.shape())
                && (a.isContiguous() && b.isContiguous() || Arrays.equals(a.strides(), b.strides()));
        return !sameWindow && reach(a, true) >= reach(b, false) && reach(b, true) >= reach(a, false);
    }

    /// Storage index of the last (or the first) element of a window.
    private static int reach(Tensor x, boolean last) {
        int[] strides = x.strides();
        int at = x.offset();
        for (int d = 0; d < strides.length; d++) {
            at += (strides[d] > 0) == last ? (x.size(d) - 1) * strides[d] : 0;
        }
        return at;
    }
}
