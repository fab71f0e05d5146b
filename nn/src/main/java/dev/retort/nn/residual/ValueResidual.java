package dev.retort.nn.residual;

import dev.retort.nn.Module;
import dev.retort.nn.Parameter;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Value residual: attention layer l works with V = (1 − m) · V_l + m · V_1, where V_1 are the first
/// layer's values (Zhou, Wu, Jiang et al., "Value residual learning for alleviating attention
/// concentration in transformers", 2024, arXiv 2410.17897).
///
/// m = 0.5 fixed, as in the paper's ResFormer with equal shares, or trained: m = sigmoid(w) with w = 0 at
/// first. An attention layer calls it on its values of any shape before anything is mixed over
/// positions; the first layer's call stores them in the stream. With a cache of keys and values, the
/// mixed values are cached.
public final class ValueResidual extends Module {
    private static final double SHARE = 0.5;

    private final boolean first;
    private final @Nullable Parameter mix;

    /// For the first layer, which only stores its values, or a later one.
    ///
    /// @param trained whether m is a parameter
    public ValueResidual(boolean first, boolean trained) {
        this.first = first;
        mix = trained && !first ? parameter("mix", Tensor.zeros(1)) : null;
    }

    /// The values that attention uses in place of `values`.
    public Tensor call(Tensor values, ResidualStream stream) {
        Tensor origin = stream.firstValues();
        if (first || origin == null) {
            stream.firstValues(values);
            return values;
        }
        return run(in -> new Tensor[] {mixed(in[0], in[1])}, values, origin)[0];
    }

    private Tensor mixed(Tensor values, Tensor origin) {
        return mix == null
                ? values.add(origin).mul(SHARE)
                : values.add(origin.sub(values).mul(mix.value().sigmoid()));
    }

    @Override
    protected String extra() {
        return first ? "first" : mix == null ? "m = " + SHARE : "m trained";
    }
}
