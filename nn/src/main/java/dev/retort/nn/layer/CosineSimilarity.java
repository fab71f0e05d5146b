package dev.retort.nn.layer;

import dev.retort.nn.Module;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// ⟨x, y⟩ / (max(‖x‖, eps) · max(‖y‖, eps)) along a dimension, of shapes that broadcast.
public final class CosineSimilarity extends Module {
    private final int dim;
    private final double eps;

    /// Along dimension 1, eps 1e-8.
    public CosineSimilarity() {
        this(1, 1e-8);
    }

    /// Along `dim`.
    public CosineSimilarity(int dim, double eps) {
        this.dim = dim;
        this.eps = eps;
    }

    /// The cosines of the angles.
    public Tensor call(Tensor x, Tensor y) {
        return run(in -> new Tensor[] {cosine(in[0], in[1])}, x, y)[0];
    }

    private Tensor cosine(Tensor a, Tensor b) {
        Shape shape = Shape.broadcast("cosine_similarity", a.shape(), b.shape());
        Tensor x = a.expand(shape);
        Tensor y = b.expand(shape);
        Tensor lengths =
                x.norm(2, false, dim).clampMin(eps).mul(y.norm(2, false, dim).clampMin(eps));
        return x.mul(y).sum(false, dim).div(lengths);
    }

    @Override
    protected String extra() {
        return "dim = " + dim + ", eps = " + eps;
    }
}
