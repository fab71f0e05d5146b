package dev.retort.nn.data;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// Stacks samples into a batch by copying arrays.
final class Collate {
    private Collate() {}

    static Tensor stack(String what, Tensor[] parts, int[] indices) {
        TensorType type = parts[0].type();
        int size = type.shape().numel();
        HostStorage out = HostStorage.allocate(type.dtype(), Math.multiplyExact(size, parts.length));
        for (int i = 0; i < parts.length; i++) {
            if (!parts[i].type().equals(type)) {
                throw new OpException("data loader: expects the same " + what + " type in one batch, got " + type
                        + " from sample " + indices[0] + " and " + parts[i].type() + " from sample " + indices[i]);
            }
            System.arraycopy(parts[i].toHost().array(), 0, out.array(), i * size, size);
        }
        return Tensor.of(out, 0, type.shape().insert(0, parts.length), strides(type, parts.length));
    }

    private static int[] strides(TensorType type, int count) {
        return type.shape().insert(0, count).contiguousStrides();
    }
}
