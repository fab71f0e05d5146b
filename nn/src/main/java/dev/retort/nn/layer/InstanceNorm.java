package dev.retort.nn.layer;

import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// Normalisation of each channel of each sample over its positions (Ulyanov et al., 2016, arXiv
/// 1607.08022). The statistics are the sample's own; with running statistics, which move as
/// [BatchNorm]'s do towards the mean of the samples' (momentum 0.1, unbiased variance), those are used
/// in evaluation.
///
/// **Shape**: `[N, C, ...]` → the same: PyTorch's InstanceNorm1d, 2d and 3d in one. **Parameters**:
/// with `affine`, `weight` `[C]` = 1 and `bias` `[C]` = 0 at first; running statistics are buffers
/// `running_mean` = 0, `running_var` = 1 and `num_batches_tracked` = 0.
public final class InstanceNorm extends Layer {
    private static final double MOMENTUM = 0.1;

    private final int channels;
    private final double eps;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;
    private final @Nullable Buffer runningMean;
    private final @Nullable Buffer runningVar;
    private final @Nullable Buffer batchesTracked;

    /// Eps 1e-5, no weight and bias.
    public InstanceNorm(int channels) {
        this(channels, 1e-5, false);
    }

    /// `channels` channels, with trained weight and bias if `affine`.
    public InstanceNorm(int channels, double eps, boolean affine) {
        this(channels, eps, affine, false);
    }

    /// `channels` channels, with trained weight and bias if `affine`, with running statistics if `tracked`.
    public InstanceNorm(int channels, double eps, boolean affine, boolean tracked) {
        this.channels = channels;
        this.eps = eps;
        weight = affine ? parameter("weight", Tensor.ones(channels)) : null;
        bias = affine ? parameter("bias", Tensor.zeros(channels)) : null;
        runningMean = tracked ? buffer("running_mean", Tensor.zeros(channels)) : null;
        runningVar = tracked ? buffer("running_var", Tensor.ones(channels)) : null;
        batchesTracked = tracked ? buffer("num_batches_tracked", Tensor.scalar(DType.I64, 0)) : null;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (x.rank() < 2 || x.size(1) != channels) { // a divisor of the channels would pass as a number of groups
            throw new OpException("instance_norm: expects input [N, " + channels + ", ...], got " + x.type());
        }
        Tensor scale = weight == null ? null : weight.value();
        Tensor shift = bias == null ? null : bias.value();
        if (runningMean != null && runningVar != null && batchesTracked != null) {
            if (!isTraining()) {
                NormOp op = new NormOp.BatchNormEval(eps);
                return scale == null || shift == null
                        ? Engine.one(op, x, runningMean.tensor(), runningVar.tensor())
                        : Engine.one(op, x, runningMean.tensor(), runningVar.tensor(), scale, shift);
            }
            track(x.detach().flatten(2), runningMean, runningVar, batchesTracked);
        }
        return x.groupNorm(channels, scale, shift, eps);
    }

    /// Moves the running statistics towards those of planes `[N, C, positions]`.
    private static void track(Tensor planes, Buffer mean, Buffer variance, Buffer count) {
        mean.tensor().update(new UpdateOp.Lerp(MOMENTUM), planes.mean(false, 0, 2));
        variance.tensor()
                .update(new UpdateOp.Lerp(MOMENTUM), planes.var(1, false, 2).mean(false, 0));
        count.set(count.tensor().add(1L));
    }

    @Override
    protected String extra() {
        return channels + ", eps = " + eps + (weight == null ? "" : ", affine")
                + (runningMean == null ? "" : ", running statistics");
    }
}
