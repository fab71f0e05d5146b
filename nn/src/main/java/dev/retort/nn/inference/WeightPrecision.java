package dev.retort.nn.inference;

import dev.retort.tensor.DType;
import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;

/// In what form a linear layer's weight is kept for answering; inputs, sums and outputs stay `F32`.
public enum WeightPrecision {
    /// bfloat16, rounded to nearest even: a relative error of at most 2⁻⁹ in each weight, half the
    /// memory traffic.
    BF16,
    /// Integers in [−127, 127] with one scale an output channel, max|w|/127: an error of at most
    /// half a scale in each weight, a quarter of the memory traffic.
    INT8;

    /// The weight `[O, I]` in this form.
    NarrowWeight of(Tensor weight) {
        Tensor wide = weight.detach().to(DType.F32);
        int outputs = wide.size(0);
        return switch (this) {
            case BF16 -> new NarrowWeight(rowMajor(wide.to(DType.BF16)), Tensor.ones(outputs));
            case INT8 -> bytes(wide.toFloats(), outputs, wide.size(1));
        };
    }

    private static Tensor rowMajor(Tensor tensor) {
        Tensor copy = Tensor.zeros(tensor.dtype(), tensor.shape().dims());
        copy.copyFrom(tensor);
        return copy;
    }

    private static NarrowWeight bytes(float[] weight, int outputs, int inputs) {
        byte[] bytes = new byte[weight.length];
        float[] scales = new float[outputs];
        for (int o = 0; o < outputs; o++) {
            float largest = 0;
            for (int i = o * inputs; i < (o + 1) * inputs; i++) {
                largest = Math.max(largest, Math.abs(weight[i]));
            }
            scales[o] = largest == 0 ? 1 : largest / 127;
            for (int i = o * inputs; i < (o + 1) * inputs; i++) {
                bytes[i] = (byte) Math.rint(weight[i] / scales[o]);
            }
        }
        Tensor narrow = Tensor.of(
                HostStorage.wrap(DType.I8, bytes), 0, dev.retort.tensor.Shape.of(outputs, inputs), new int[] {inputs, 1
                });
        return new NarrowWeight(narrow, Tensor.of(scales));
    }
}
