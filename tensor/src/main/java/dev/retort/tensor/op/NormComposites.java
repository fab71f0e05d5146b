package dev.retort.tensor.op;

import dev.retort.tensor.Tensor;

/// Shape arithmetic that the composites of [NormOp] share.
final class NormComposites {
    private NormComposites() {}

    /// All dimensions but 1.
    static int[] allButChannel(int rank) {
        int[] dims = new int[rank - 1];
        for (int i = 1; i < dims.length; i++) {
            dims[i] = i + 1;
        }
        return dims;
    }

    /// The last `count` dimensions.
    static int[] last(int rank, int count) {
        int[] dims = new int[count];
        for (int i = 0; i < count; i++) {
            dims[i] = rank - count + i;
        }
        return dims;
    }

    /// A vector [C] as [C, 1, …, 1], which broadcasts over [N, C, …].
    static Tensor channel(Tensor vector, int rank) {
        int[] dims = new int[rank - 1];
        java.util.Arrays.fill(dims, 1);
        dims[0] = vector.numel();
        return vector.reshape(dims);
    }

    /// y · weight + bias per channel, if `in` holds (x, weight, bias).
    static Tensor channelAffine(Tensor y, Tensor[] in) {
        return in.length == 3 ? y.mul(channel(in[1], y.rank())).add(channel(in[2], y.rank())) : y;
    }
}
