package dev.retort.nn.transformer;

import dev.retort.nn.Module;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Rotary positions: features i and i + D/2 of a head turn by the angle position · base^(−2i/D), so that
/// scores depend on distances (Su et al., 2021, arXiv 2104.09864; halves paired as in Llama's checkpoints,
/// not neighbours as in the paper).
///
/// **Shape**: `[B, H, T, D]` with D even → the same. No parameters.
public final class Rotary extends Module {
    private final int headWidth;
    private final int context;
    private final double base;
    private @Nullable Tensor cosines;
    private @Nullable Tensor sines;

    /// Angles for heads of `headWidth` features and `context` positions.
    ///
    /// @param base of the wavelengths: 10,000 in the paper and Llama 2, 500,000 in Llama 3
    /// @throws OpException if the width is odd
    public Rotary(int headWidth, int context, double base) {
        if (headWidth % 2 != 0 || headWidth < 2) {
            throw new OpException("rotary: expects an even number of features a head, got " + headWidth);
        }
        this.headWidth = headWidth;
        this.context = context;
        this.base = base;
    }

    /// Cosines and sines `[…, T, D/2]` of positions `[T]`, or `[B, T]` with a dimension for heads put in.
    Tensor[] angles(Tensor positions, Tensor like) {
        Tensor cos = cosines;
        Tensor sin = sines;
        if (cos == null
                || sin == null
                || cos.dtype() != like.dtype()
                || !cos.device().equals(like.device())) {
            cos = table(false).to(like.dtype()).to(like.device());
            sin = table(true).to(like.dtype()).to(like.device());
            cosines = cos;
            sines = sin;
        }
        return new Tensor[] {rows(cos, positions), rows(sin, positions)};
    }

    private static Tensor rows(Tensor table, Tensor positions) {
        Tensor picked = table.embedding(positions);
        return positions.rank() == 1 ? picked : picked.unsqueeze(1);
    }

    private Tensor table(boolean sine) {
        int half = headWidth / 2;
        double[] values = new double[context * half];
        for (int i = 0; i < half; i++) {
            double frequency = Math.pow(base, -2.0 * i / headWidth);
            for (int t = 0; t < context; t++) {
                values[t * half + i] = sine ? Math.sin(t * frequency) : Math.cos(t * frequency);
            }
        }
        return Tensor.wrap(DType.F64, values, context, half);
    }

    /// `x` with each pair of features turned by the angles of its position.
    Tensor call(Tensor x, Tensor[] angles) {
        return run(in -> new Tensor[] {turn(in[0], angles[0], angles[1])}, x)[0];
    }

    private Tensor turn(Tensor x, Tensor cos, Tensor sin) {
        int half = headWidth / 2;
        Tensor a = x.narrow(3, 0, half);
        Tensor b = x.narrow(3, half, half);
        return Tensor.cat(3, a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin)));
    }

    @Override
    protected String extra() {
        return headWidth + ", base = " + base;
    }
}
