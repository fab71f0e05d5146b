package dev.retort.tensor.cpu.fast;

import dev.retort.tensor.Tensor;

/// Sizes of `[N, C, …]`: N·C contiguous planes.
record Planes(int batch, int channels, int size) {
    static Planes of(Tensor x) {
        int n = x.size(0);
        int c = x.size(1);
        return new Planes(n, c, x.numel() / (n * c));
    }

    int count() {
        return batch * channels;
    }

    /// Values that share one statistic of a channel.
    double perChannel() {
        return (double) batch * size;
    }

    /// Sum over the batch of one value a plane, in order.
    double overBatch(float[] values, int channel) {
        double total = 0;
        for (int n = 0; n < batch; n++) {
            total += values[n * channels + channel];
        }
        return total;
    }
}
