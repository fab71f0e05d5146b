package dev.retort.nn.parametrize;

import dev.retort.nn.Parameter;
import dev.retort.nn.Parametrization;
import dev.retort.tensor.DType;
import dev.retort.tensor.LinearAlgebraMethods;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// w + scale · (u · v), or u · v alone: a matrix of low rank with trained factors u `[O, R]` and v
/// `[R, I]`. Weights of more than two dimensions count as `[O, I · …]`. Saved as `weight_u` and
/// `weight_v`.
public final class LowRank implements Parametrization {
    private final Parameter u;
    private final Parameter v;
    private final boolean addToOriginal;
    private final double scale;

    private LowRank(Tensor u, Tensor v, boolean addToOriginal, double scale) {
        this.u = new Parameter(u);
        this.v = new Parameter(v);
        this.addToOriginal = addToOriginal;
        this.scale = scale;
    }

    /// The best approximation of `weight` of the given rank in the Frobenius norm, in place of it (Eckart
    /// and Young, 1936): u = U·√S, v = √S·Vᵀ of its singular value decomposition. The stored weight gets
    /// no gradient any more.
    ///
    /// @throws OpException if the rank is not in `[1, min(O, I)]`
    public static LowRank factorize(Tensor weight, int rank) {
        Tensor matrix = matrix(weight.detach()).to(DType.F64);
        if (rank < 1 || rank > Math.min(matrix.size(0), matrix.size(1))) {
            throw new OpException("low rank: expects a rank in [1, " + Math.min(matrix.size(0), matrix.size(1))
                    + "], got " + rank + " for " + weight.type());
        }
        LinearAlgebraMethods.SingularValues svd = matrix.svd();
        Tensor root = svd.s().narrow(0, 0, rank).sqrt();
        Tensor u = svd.u().narrow(1, 0, rank).mul(root).to(weight.dtype());
        Tensor v = svd.vh().narrow(0, 0, rank).mul(root.unsqueeze(1)).to(weight.dtype());
        return new LowRank(u.contiguous(), v.contiguous(), false, 1);
    }

    /// An update of a weight that is usually frozen: w + scale · u·v (Hu et al., "LoRA", 2021, arXiv
    /// 2106.09685).
    ///
    /// @param u `[O, R]`, zeros at first in LoRA
    /// @param v `[R, I]`, random at first in LoRA
    public static LowRank update(Tensor u, Tensor v, double scale) {
        return new LowRank(u, v, true, scale);
    }

    private static Tensor matrix(Tensor weight) {
        return weight.reshape(weight.size(0), -1);
    }

    @Override
    public Tensor value(Tensor original) {
        Tensor product = u.value().matmul(v.value()).reshape(original.shape());
        return addToOriginal ? original.add(product.mul(scale)) : product;
    }

    @Override
    public String name() {
        return "low rank";
    }

    @Override
    public Map<String, Parameter> parameters() {
        Map<String, Parameter> own = new LinkedHashMap<>();
        own.put("u", u);
        own.put("v", v);
        return own;
    }
}
