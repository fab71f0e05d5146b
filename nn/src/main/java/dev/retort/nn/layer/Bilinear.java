package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.nn.init.Init;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// y_o = Σ_ij a_i · weight[o, i, j] · b_j + bias_o of two inputs.
///
/// **Shape**: a `[..., I]`, b `[..., J]` → `[..., O]`.
/// **Parameters**: `weight` `[O, I, J]` and `bias` `[O]`, uniform on ±1/√I at first.
public final class Bilinear extends Module {
    private final int first;
    private final int second;
    private final int out;
    private final Parameter weight;
    private final @Nullable Parameter bias;

    /// From `first` and `second` to `out` features, with bias.
    public Bilinear(int first, int second, int out, Rng rng) {
        this(first, second, out, true, rng);
    }

    /// From `first` and `second` to `out` features.
    public Bilinear(int first, int second, int out, boolean hasBias, Rng rng) {
        if (first < 1 || second < 1 || out < 1) {
            throw new OpException("bilinear: expects positive extents, got " + first + ", " + second + " and " + out);
        }
        this.first = first;
        this.second = second;
        this.out = out;
        double bound = 1 / Math.sqrt(first);
        weight = parameter("weight", Init.uniform(Shape.of(out, first, second), -bound, bound, rng));
        bias = hasBias ? parameter("bias", Init.uniform(Shape.of(out), -bound, bound, rng)) : null;
    }

    /// The form `[O, I, J]`.
    public Parameter weight() {
        return weight;
    }

    /// The form of both inputs.
    public Tensor call(Tensor a, Tensor b) {
        return run(in -> new Tensor[] {form(in[0], in[1])}, a, b)[0];
    }

    private Tensor form(Tensor a, Tensor b) {
        boolean fit = a.rank() > 0 && b.rank() == a.rank() && a.size(-1) == first && b.size(-1) == second;
        if (!fit || !a.shape().with(a.rank() - 1, 1).equals(b.shape().with(b.rank() - 1, 1))) {
            throw new OpException("bilinear: expects [..., " + first + "] and [..., " + second + "], got " + a.type()
                    + " and " + b.type());
        }
        int rows = a.numel() / first;
        Tensor form = weight.value().permute(1, 0, 2).reshape(first, out * second);
        Tensor half = a.reshape(rows, first).matmul(form).reshape(rows, out, second);
        Tensor y = half.mul(b.reshape(rows, 1, second)).sum(false, 2);
        y = bias == null ? y : y.add(bias.value());
        return y.reshape(a.shape().with(a.rank() - 1, out));
    }

    @Override
    protected String extra() {
        return first + ", " + second + ", " + out + (bias == null ? ", no bias" : "");
    }
}
