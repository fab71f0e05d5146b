package dev.retort.nn.parametrize;

import dev.retort.nn.Buffer;
import dev.retort.nn.Parametrization;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/// weight/σ with σ the largest singular value of the weight as a matrix `[O, rest]` (Miyato et al.,
/// 2018, arXiv 1802.05957). σ = uᵀ·W·v comes from power iteration, whose vectors are saved as
/// `weight_u` and `weight_v`; gradients do not flow into them.
///
/// Unlike PyTorch's, the value does not step on by being read: call [#iterate] once a training step.
public final class SpectralNorm implements Parametrization {
    private static final int FIRST = 15;
    private static final double EPS = 1e-12;

    private final Buffer u;
    private final Buffer v;

    /// Starts with 15 iterations from random vectors.
    ///
    /// @throws OpException if the weight has fewer than two dimensions
    public SpectralNorm(Tensor weight, Rng rng) {
        if (weight.rank() < 2) {
            throw new OpException("spectral_norm: expects a weight [O, ...], got " + weight.type());
        }
        Tensor matrix = weight.detach().flatten(1);
        u = new Buffer(Random.normal(rng, 0, 1, matrix.dtype(), matrix.size(0))
                .to(matrix.device())
                .normalize(2, 0));
        v = new Buffer(Random.normal(rng, 0, 1, matrix.dtype(), matrix.size(1))
                .to(matrix.device())
                .normalize(2, 0));
        iterate(weight, FIRST);
    }

    /// Power iterations at the current weight, as stored: v ← Wᵀ·u/‖…‖, u ← W·v/‖…‖.
    public void iterate(Tensor weight, int times) {
        Tensor matrix = weight.detach().flatten(1);
        for (int i = 0; i < times; i++) {
            v.set(unit(matrix.transpose(0, 1).matmul(u.tensor())));
            u.set(unit(matrix.matmul(v.tensor())));
        }
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.norm().clampMin(EPS));
    }

    @Override
    public Tensor value(Tensor original) {
        Tensor matrix = original.flatten(1);
        Tensor sigma = u.tensor().copy().mul(matrix.matmul(v.tensor().copy())).sum();
        return original.div(sigma);
    }

    @Override
    public String name() {
        return "spectral norm";
    }

    @Override
    public Map<String, Buffer> buffers() {
        Map<String, Buffer> buffers = new LinkedHashMap<>();
        buffers.put("u", u);
        buffers.put("v", v);
        return buffers;
    }
}
