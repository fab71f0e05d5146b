package dev.retort.nn.residual;

import dev.retort.nn.init.Init;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;

/// How the projection down, A, of a low-rank pair starts; the projection up, B, starts at 0.
public enum LowRankInit {
    /// Uniform on ±√(6/(r + D)): the paper's ResNets.
    XAVIER("xavier"),
    /// `A[i][j]` = 1/√(r·D) if i mod r = j, else 0: the paper's language models. The columns are orthogonal
    /// to each other, each of norm 1/r if r divides D.
    COLUMN_ORTHOGONAL("orthogonal");

    private final String text;

    LowRankInit(String text) {
        this.text = text;
    }

    /// Aᵀ `[r, D]`.
    Tensor down(int rank, int channels, Rng rng) {
        return switch (this) {
            case XAVIER -> Init.xavierUniform(Shape.of(rank, channels), 1, rng);
            case COLUMN_ORTHOGONAL -> columnOrthogonal(rank, channels);
        };
    }

    private static Tensor columnOrthogonal(int rank, int channels) {
        float[] down = new float[rank * channels];
        float value = (float) (1 / Math.sqrt((double) rank * channels));
        for (int i = 0; i < channels; i++) {
            down[i % rank * channels + i] = value;
        }
        return Tensor.wrap(DType.F32, down, rank, channels);
    }

    /// The name in specifications.
    @Override
    public String toString() {
        return text;
    }
}
