package dev.retort.nn.data;

import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;

/// A box of each image replaced by that of another image of the batch; targets are mixed by area. The box
/// has the image's aspect ratio and about the share 1 − λ of its area, λ ~ Beta(alpha, alpha), one box a
/// batch (Yun et al., 2019, arXiv 1905.04899).
///
/// Targets become class probabilities `[N, classes]`.
public final class CutMix implements BatchTransform {
    private final double alpha;
    private final int classes;

    /// A mixture with the given alpha; 1 in the paper.
    public CutMix(double alpha, int classes) {
        Mixture.check("cutmix", alpha, classes);
        this.alpha = alpha;
        this.classes = classes;
    }

    @Override
    public Batch apply(Batch batch, Rng rng) {
        if (batch.inputs().rank() != 4) {
            throw new OpException(
                    "cutmix: expects images [N, C, H, W], got " + batch.inputs().type());
        }
        int channels = batch.inputs().size(1);
        int height = batch.inputs().size(2);
        int width = batch.inputs().size(3);
        double side = Math.sqrt(1 - Mixture.beta(alpha, rng));
        int[] partner = rng.permutation(batch.size());
        int y = rng.nextInt(height);
        int x = rng.nextInt(width);
        int boxH = (int) (height * side);
        int boxW = (int) (width * side);
        int top = Math.clamp(y - boxH / 2, 0, height);
        int bottom = Math.clamp(y + boxH / 2, 0, height);
        int left = Math.clamp(x - boxW / 2, 0, width);
        int right = Math.clamp(x + boxW / 2, 0, width);
        float[] own = batch.inputs().toHost().floats();
        float[] mixed = own.clone();
        for (int i = 0; i < batch.size(); i++) {
            for (int c = 0; c < channels; c++) {
                for (int row = top; row < bottom; row++) {
                    int from = ((partner[i] * channels + c) * height + row) * width;
                    int to = ((i * channels + c) * height + row) * width;
                    System.arraycopy(own, from + left, mixed, to + left, right - left);
                }
            }
        }
        double share = 1 - (double) (bottom - top) * (right - left) / (height * width);
        Tensor inputs = Tensor.wrap(DType.F32, mixed, batch.inputs().shape().dims());
        return batch.with(inputs, Mixture.targets("cutmix", batch, partner, share, classes));
    }
}
