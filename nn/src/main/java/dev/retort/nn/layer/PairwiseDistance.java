package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.Tensor;

/// ‖x − y + eps‖_p along the last dimension, of shapes that broadcast.
///
/// **Shape**: `[..., D]` and `[..., D]` → `[...]`, or `[..., 1]` with `keepDim`.
public final class PairwiseDistance extends Module {
    private final double p;
    private final double eps;
    private final boolean keepDim;

    /// Euclidean, eps 1e-6.
    public PairwiseDistance() {
        this(2, 1e-6, false);
    }

    /// The p-norm; `eps` is added to every difference, which keeps the gradient of equal rows finite.
    public PairwiseDistance(double p, double eps, boolean keepDim) {
        this.p = p;
        this.eps = eps;
        this.keepDim = keepDim;
    }

    /// The distances of the rows.
    public Tensor call(Tensor x, Tensor y) {
        return run(in -> new Tensor[] {in[0].sub(in[1]).add(eps).norm(p, keepDim, -1)}, x, y)[0];
    }

    @Override
    protected String extra() {
        return "p = " + p + ", eps = " + eps;
    }
}
