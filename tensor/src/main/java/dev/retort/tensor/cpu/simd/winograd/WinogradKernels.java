package dev.retort.tensor.cpu.simd.winograd;

import dev.retort.tensor.cpu.simd.Lanes;
import dev.retort.tensor.cpu.simd.Scratch;
import dev.retort.tensor.cpu.simd.planes.ChannelLanes;
import dev.retort.tensor.cpu.simd.product.GemmKernel;

/// The kernels of [Winograd], 3 x 3, or 4 x 4 for F(4, 4), and their transformation `G g G'`.
///
/// Element (filter f, channel c, tap t) is `w[wo + f * row + c * channel + t]`, or with `turned` the last one less t.
record WinogradKernels(float[] w, int wo, int row, int channel, boolean turned, int channels, int filters, int size) {
    private static final int L = Lanes.LENGTH;
    private static final int NR = GemmKernel.NR;
    private static final int LINE = Scratch.LINE;
    /// Channels whose taps are gathered and transformed in one go: they stay in the first-level cache.
    private static final int CHANNELS = 32;

    /// The transformed kernels of L filters from `f` on: `dst[d + k * step + panel + c * width + lane]`.
    void transform(WinogradTiles tiles, int f, float[] dst, int d, int step) {
        int elements = size * size;
        float[] taps = Scratch.lines(Scratch.WINOGRAD_LANES, CHANNELS * elements * L);
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, tiles.alpha * size * L);
        int alpha = tiles.alpha;
        int j = f / NR * NR;
        int width = WinogradProduct.panel(j, WinogradProduct.padded(filters));
        for (int c = 0; c < channels; c++) {
            if (c % CHANNELS == 0) {
                gather(f, c, Math.min(CHANNELS, channels - c), taps, LINE);
            }
            int from = first(LINE + c % CHANNELS * elements * L);
            int to = d + j * channels + c * width + f - j;
            if (size == 4) {
                WinogradSevens.kernel(taps, from, 4 * tap(), tap(), half, LINE, 4 * L, L, 4);
                WinogradSevens.kernel(half, LINE, L, 4 * L, dst, to, step, alpha * step, alpha);
            } else if (tiles.m == 4) {
                WinogradTransforms.kernel6(taps, from, 3 * tap(), tap(), half, LINE, 3 * L, L, 3);
                WinogradTransforms.kernel6(half, LINE, L, 3 * L, dst, to, step, alpha * step, alpha);
            } else {
                WinogradTransforms.kernel4(taps, from, 3 * tap(), tap(), half, LINE, 3 * L, L, 3);
                WinogradTransforms.kernel4(half, LINE, L, 3 * L, dst, to, step, alpha * step, alpha);
            }
        }
    }

    /// The taps of L filters from f on and of `count` channels from c on, those of missing filters zero: `dst[d +
    /// (channel * size * size + element) * L + lane]`.
    void gather(int f, int c, int count, float[] dst, int d) {
        int elements = size * size;
        int lanes = Math.min(L, filters - f);
        int from = wo + f * row + c * channel;
        if (channel == elements) {
            ChannelLanes.gather(w, from, row, lanes, count * elements, dst, d);
            return;
        }
        for (int i = 0; i < count; i++) {
            ChannelLanes.gather(w, from + i * channel, row, lanes, elements, dst, d + i * elements * L);
        }
    }

    /// Row a of the points of transformed 3 x 3 kernels, of L filters and `count` channels whose taps were gathered to
    /// `taps[t]`: `dst[d + b * step + channel * width + lane]`.
    void row(WinogradTiles tiles, int a, float[] taps, int t, int count, float[] dst, int d, int step, int width) {
        float[] half = Scratch.lines(Scratch.WINOGRAD_HALF, CHANNELS * 3 * L);
        float[] g = tiles.m == 4 ? WinogradTransforms.kernelRow6(a) : WinogradTransforms.kernelRow4(a);
        for (int c = 0; c < count; c += CHANNELS) {
            int some = Math.min(CHANNELS, count - c);
            int from = first(t + c * 9 * L);
            for (int j = 0; j < 3; j++) {
                int to = LINE + j * L;
                WinogradTransforms.combine(taps, from + j * tap(), 3 * tap(), 9 * L, g, half, to, 3 * L, some);
            }
            int to = d + c * width;
            if (tiles.m == 4) {
                WinogradTransforms.kernel6(half, LINE, L, 3 * L, dst, to, step, width, some);
            } else {
                WinogradTransforms.kernel4(half, LINE, L, 3 * L, dst, to, step, width, some);
            }
        }
    }

    /// Where tap 0 of the elements at `at` is, and the distance of the next.
    private int first(int at) {
        return turned ? at + (size * size - 1) * L : at;
    }

    private int tap() {
        return turned ? -L : L;
    }
}
