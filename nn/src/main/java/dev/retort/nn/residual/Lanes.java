package dev.retort.nn.residual;

import dev.retort.nn.residual.ResidualPlace.Layout;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// Sums over the lanes `[n, N, ...]` of a stream, with weights that are constant or differ by position.
final class Lanes {
    private Lanes() {}

    /// Σ_j weights[k, j] · lanes[j] for each k: `[K, n]` with `[n, N, ...]` → `[K, N, ...]`.
    static Tensor mix(Tensor weights, Tensor lanes) {
        int n = lanes.size(0);
        Tensor flat = weights.matmul(lanes.reshape(n, lanes.numel() / n));
        int[] dims = lanes.shape().dims().clone();
        dims[0] = weights.size(0);
        return flat.reshape(dims);
    }

    /// Σ_j weights[j] ∘ lanes[j], with one weight a position: `[n, N, ...]` without the channels.
    static Tensor sum(Tensor weights, Tensor lanes, Layout layout) {
        return lanes.mul(weights.unsqueeze(channels(layout))).sum(0);
    }

    /// weights[k] ∘ x for each k: a lane each.
    static Tensor spread(Tensor weights, Tensor x, Layout layout) {
        return weights.unsqueeze(channels(layout)).mul(x.unsqueeze(0));
    }

    /// weights[k] · x for each k, with constant weights `[n]`.
    static Tensor spread(Tensor weights, Tensor x) {
        int[] dims = new int[x.rank() + 1];
        Arrays.fill(dims, 1);
        dims[0] = weights.numel();
        return weights.reshape(dims).mul(x.unsqueeze(0));
    }

    private static int channels(Layout layout) {
        return layout == Layout.CHANNELS_FIRST ? 2 : -1;
    }

    /// The lanes with the channels last.
    static Tensor channelsLast(Tensor lanes, Layout layout) {
        return layout == Layout.CHANNELS_FIRST ? lanes.permute(0, 1, 3, 4, 2) : lanes;
    }

    /// `[n]` with 1 at the lane that a connection reads at first: lane `index` mod n, so that the lanes
    /// come to differ.
    static float[] oneHot(int n, int index) {
        float[] read = new float[n];
        read[index % n] = 1;
        return read;
    }
}
