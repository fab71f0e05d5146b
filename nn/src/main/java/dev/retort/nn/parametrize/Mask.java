package dev.retort.nn.parametrize;

import dev.retort.nn.Buffer;
import dev.retort.nn.Parametrization;
import dev.retort.tensor.Tensor;
import java.util.Map;

/// w · m with a fixed mask m of zeros and ones: pruned weights (Han et al., 2015, arXiv 1506.02626).
/// Elements that the mask removes get no gradient. Saved as `weight_mask`.
public final class Mask implements Parametrization {
    private final Buffer mask;

    /// A mask of the parameter's shape; `BOOL` masks are converted to the parameter's kind when they are
    /// applied.
    public Mask(Tensor mask) {
        this.mask = new Buffer(mask);
    }

    /// Keeps the share `1 − sparsity` of largest magnitude of `weight`; ties keep the earlier element.
    public static Mask byMagnitude(Tensor weight, double sparsity) {
        int keep = weight.numel() - (int) Math.round(sparsity * weight.numel());
        Tensor order = weight.detach().abs().reshape(-1).argsort(0, true);
        float[] mask = new float[weight.numel()];
        long[] positions = order.toLongs();
        for (int i = 0; i < keep; i++) {
            mask[(int) positions[i]] = 1;
        }
        return new Mask(
                Tensor.of(mask, weight.shape().dims()).to(weight.dtype()).to(weight.device()));
    }

    /// The mask.
    public Tensor mask() {
        return mask.tensor();
    }

    @Override
    public Tensor value(Tensor original) {
        return original.mul(mask.tensor().to(original.dtype()));
    }

    @Override
    public String name() {
        return "mask";
    }

    @Override
    public Map<String, Buffer> buffers() {
        return Map.of("mask", mask);
    }
}
