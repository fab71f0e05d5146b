package dev.retort.nn.layer;

import dev.retort.nn.Layer;
import dev.retort.tensor.Interpolation;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;
import java.util.Arrays;

/// Maps resized by a factor, or to given extents.
///
/// **Shape**: `[N, C, L]`, `[N, C, H, W]` or `[N, C, D, H, W]` → the same with other extents, ⌊L ·
/// factor⌋. Positions follow from the extents alone, which differs from PyTorch's where a factor is not
/// whole (there `recompute_scale_factor` does the same).
public final class Upsample extends Layer {
    private final Interpolation mode;
    private final boolean alignCorners;
    private final double[] factors;
    private final int[] size;

    private Upsample(Interpolation mode, boolean alignCorners, double[] factors, int[] size) {
        this.mode = mode;
        this.alignCorners = alignCorners;
        this.factors = factors;
        this.size = size;
    }

    /// Every pixel repeated.
    public Upsample(int factor) {
        this(factor, ResampleOp.Mode.NEAREST);
    }

    /// Nearest or linear (outer corners stay in place, PyTorch's default), by the same factor in all
    /// directions.
    ///
    /// @throws OpException if the factor is below 1
    public Upsample(int factor, ResampleOp.Mode mode) {
        this(
                mode == ResampleOp.Mode.NEAREST ? Interpolation.NEAREST : Interpolation.LINEAR,
                false,
                new double[] {factor},
                new int[0]);
        if (factor < 1) {
            throw new OpException("upsample: expects factor >= 1, got " + factor);
        }
    }

    /// By a factor in all directions, or one for each.
    ///
    /// @param alignCorners whether the centres of the corner elements stay in place; linear and cubic only
    /// @throws OpException if a factor is not positive
    public static Upsample by(Interpolation mode, boolean alignCorners, double... factors) {
        if (factors.length == 0 || Arrays.stream(factors).anyMatch(f -> !(f > 0))) {
            throw new OpException("upsample: expects positive factors, got " + Arrays.toString(factors));
        }
        return new Upsample(mode, alignCorners, factors.clone(), new int[0]);
    }

    /// To the given extents.
    ///
    /// @param alignCorners whether the centres of the corner elements stay in place; linear and cubic only
    /// @throws OpException if an extent is not positive
    public static Upsample toSize(Interpolation mode, boolean alignCorners, int... size) {
        if (size.length == 0 || Arrays.stream(size).anyMatch(s -> s < 1)) {
            throw new OpException("upsample: expects positive extents, got " + Arrays.toString(size));
        }
        return new Upsample(mode, alignCorners, new double[0], size.clone());
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() < 3 || x.rank() > 5) {
            throw new OpException("upsample: expects [N, C, L], [N, C, H, W] or [N, C, D, H, W], got " + x.type());
        }
        if (size.length > 0) {
            return x.interpolate(mode, alignCorners, size);
        }
        int dims = x.rank() - 2;
        if (factors.length > 1 && factors.length != dims) {
            throw new OpException("upsample: expects one factor, or one for each direction of " + x.type() + ", got "
                    + Arrays.toString(factors));
        }
        int[] out = new int[dims];
        for (int d = 0; d < dims; d++) {
            out[d] = (int) Math.floor(x.size(d + 2) * factors[factors.length == 1 ? 0 : d]);
        }
        return x.interpolate(mode, alignCorners, out);
    }

    @Override
    protected String extra() {
        return (size.length > 0 ? "to " + Arrays.toString(size) : "by " + Arrays.toString(factors)) + ", " + mode
                + (alignCorners ? ", corners aligned" : "");
    }
}
