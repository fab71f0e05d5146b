package dev.retort.distill.method;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LinalgOp;

/// The first right singular vectors of maps, X [H · W, C] for each sample, and their singular values.
///
/// They are eigenvectors of G = XᵀX. To first order
///
/// ```
/// dvᵢ = Σ_{j≠i} vⱼ · (vⱼᵀ dG vᵢ) / (λᵢ − λⱼ)
/// ```
///
/// so v is written as its value plus that sum with G − (its value) for dG: value and first derivative are
/// right, and nothing has to be differentiated through the decomposition. 1/gap is replaced by
/// gap/(gap² + (10⁻⁴ λ₁)²): where two singular values are equal, the vectors between them are arbitrary, and
/// there is no gradient instead of an infinite one. There is no second derivative.
///
/// @param vectors [B, C, K], columns of length 1
/// @param values  [B, K], descending, without history
record SingularVectors(Tensor vectors, Tensor values) {
    private static final double GAP = 1e-4;

    /// Those of the K largest singular values.
    ///
    /// @param maps  [B, C, H, W]
    /// @param count K, at most C
    static SingularVectors of(Tensor maps, int count) {
        Tensor rows = maps.flatten(2); // Xᵀ [B, C, H·W]
        Tensor gram = rows.matmul(rows.transpose(1, 2));
        Tensor[] parts = Engine.run(new LinalgOp.Eigh(), gram.detach());
        int channels = maps.size(1);
        Tensor lambda = parts[0].detach().flip(1); // [B, C], descending
        Tensor all = parts[1].detach().flip(2);
        Tensor top = all.narrow(2, 0, count);
        Tensor largest = lambda.narrow(1, 0, 1).unsqueeze(2); // [B, 1, 1]
        Tensor gap = lambda.narrow(1, 0, count).unsqueeze(1).sub(lambda.unsqueeze(2)); // [B, C, K]
        Tensor inverse = gap.div(gap.square().add(largest.mul(GAP).square()).clampMin(Float.MIN_NORMAL));
        Tensor turned = all.transpose(1, 2).matmul(gram.sub(gram.detach())).matmul(top); // [B, C, K]
        Tensor vectors = top.add(all.matmul(inverse.mul(turned)));
        return new SingularVectors(
                vectors,
                lambda.narrow(1, 0, Math.min(count, channels)).clampMin(0).sqrt());
    }
}
