package dev.retort.bench.reproduce.laurel;

import dev.retort.nn.data.Dataset;
import dev.retort.nn.data.Normalize;
import dev.retort.nn.data.Sample;
import dev.retort.tensor.DType;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// Normalised pictures in memory, from which batches are drawn by number, shifted and mirrored.
final class Pictures {
    private static final int SHIFT = 2;

    private final int channels;
    private final int height;
    private final int width;
    private final float[] values;
    private final long[] labels;

    private Pictures(int channels, int height, int width, float[] values, long[] labels) {
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.values = values;
        this.labels = labels;
    }

    /// The first `count` pictures of a data set.
    static Pictures of(Dataset data, int count, Normalize normalize) {
        int n = Math.min(count, data.size());
        Tensor first = data.get(0).input();
        int numel = first.numel();
        float[] values = new float[n * numel];
        long[] labels = new long[n];
        for (int i = 0; i < n; i++) {
            Sample sample = data.get(i);
            float[] picture = normalize.apply(sample.input(), new Rng(0)).toFloats(); // draws nothing
            System.arraycopy(picture, 0, values, i * numel, numel);
            labels[i] = (long) sample.target().item();
        }
        return new Pictures(first.size(0), first.size(1), first.size(2), values, labels);
    }

    int size() {
        return labels.length;
    }

    int channels() {
        return channels;
    }

    /// A batch.
    ///
    /// @param inputs  `[B, C, H, W]`
    /// @param targets classes `I64` `[B]`
    record Batch(Tensor inputs, Tensor targets) {}

    /// The pictures of step number `step` when every epoch visits all in another order (a last incomplete
    /// batch is left out), each shifted by up to two pixels and perhaps mirrored.
    Batch training(long step, int batch, Rng rng) {
        int steps = Math.max(1, size() / batch);
        int[] order = rng.fork(step / steps).permutation(size());
        int start = (int) (step % steps) * batch;
        Rng moves = rng.fork(-1 - step);
        int count = Math.min(batch, size());
        float[] inputs = new float[count * channels * height * width];
        long[] targets = new long[count];
        for (int b = 0; b < count; b++) {
            int index = order[start + b];
            int dy = moves.nextInt(2 * SHIFT + 1) - SHIFT;
            int dx = moves.nextInt(2 * SHIFT + 1) - SHIFT;
            move(index, dy, dx, moves.nextInt(2) == 1, inputs, b);
            targets[b] = labels[index];
        }
        return new Batch(Tensor.wrap(DType.F32, inputs, count, channels, height, width), Tensor.of(targets, count));
    }

    private void move(int index, int dy, int dx, boolean mirrored, float[] out, int place) {
        int numel = channels * height * width;
        for (int c = 0; c < channels; c++) {
            for (int y = 0; y < height; y++) {
                for (int x = 0; x < width; x++) {
                    int fromY = Math.clamp(y + dy, 0, height - 1);
                    int fromX = Math.clamp((mirrored ? width - 1 - x : x) + dx, 0, width - 1);
                    out[place * numel + (c * height + y) * width + x] =
                            values[index * numel + (c * height + fromY) * width + fromX];
                }
            }
        }
    }

    /// Pictures `start` to `end` as they are.
    Batch range(int start, int end) {
        int numel = channels * height * width;
        float[] inputs = java.util.Arrays.copyOfRange(values, start * numel, end * numel);
        long[] targets = java.util.Arrays.copyOfRange(labels, start, end);
        return new Batch(
                Tensor.wrap(DType.F32, inputs, end - start, channels, height, width), Tensor.of(targets, end - start));
    }
}
