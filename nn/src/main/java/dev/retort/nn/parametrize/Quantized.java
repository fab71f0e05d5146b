package dev.retort.nn.parametrize;

import dev.retort.nn.Buffer;
import dev.retort.nn.Parametrization;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.QuantOp;
import java.util.Map;

/// The weight rounded to a few bits and back, symmetric around 0; the gradient passes straight through
/// where nothing is cut off (Bengio et al., 2013, arXiv 1308.3432). Saved as `weight_scale`.
public final class Quantized implements Parametrization {
    private final Buffer scale;
    private final int bits;

    private Quantized(Tensor scale, int bits) {
        this.scale = new Buffer(scale);
        this.bits = bits;
    }

    /// One scale for the whole weight: its largest magnitude is the largest integer.
    ///
    /// @throws OpException if bits is not in [2, 8]
    public static Quantized perTensor(Tensor weight, int bits) {
        return new Quantized(scale(weight.detach().abs().amax(), bits), bits);
    }

    /// One scale for each output channel (dimension 0).
    ///
    /// @throws OpException if bits is not in [2, 8]
    public static Quantized perChannel(Tensor weight, int bits) {
        int[] rest = new int[weight.rank() - 1];
        for (int i = 0; i < rest.length; i++) {
            rest[i] = i + 1;
        }
        Tensor largest =
                rest.length == 0 ? weight.detach().abs() : weight.detach().abs().amax(true, rest);
        return new Quantized(scale(largest, bits), bits);
    }

    private static Tensor scale(Tensor largest, int bits) {
        if (bits < 2 || bits > 8) {
            throw new OpException("quantized: expects bits in [2, 8], got " + bits);
        }
        return largest.div(limit(bits)).clampMin(Float.MIN_NORMAL); // a weight of zeros has no scale of its own
    }

    private static int limit(int bits) {
        return (1 << (bits - 1)) - 1;
    }

    @Override
    public Tensor value(Tensor original) {
        Tensor s = scale.tensor();
        return Engine.one(new QuantOp.FakeQuantize(-limit(bits), limit(bits)), original, s, s.zerosLike());
    }

    @Override
    public String name() {
        return "quantized";
    }

    @Override
    public Map<String, Buffer> buffers() {
        return Map.of("scale", scale);
    }
}
