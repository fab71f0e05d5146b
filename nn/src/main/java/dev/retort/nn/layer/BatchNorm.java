package dev.retort.nn.layer;

import dev.retort.nn.Buffer;
import dev.retort.nn.Layer;
import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import dev.retort.tensor.op.UpdateOp;
import org.jspecify.annotations.Nullable;

/// Batch normalisation: y = (x − mean)/√(var + eps) · weight + bias per channel (Ioffe and Szegedy, 2015,
/// arXiv 1502.03167).
///
/// In training the statistics are the batch's (biased variance), and the running ones move towards them:
/// running ← (1 − momentum)·running + momentum·batch, with the unbiased variance. Without a momentum they
/// are the plain mean over all batches so far: momentum is 1/`num_batches_tracked`, as with PyTorch's `None`.
/// In evaluation the running ones are used.
///
/// **Shape**: `[N, C]` or `[N, C, ...]` → the same: PyTorch's BatchNorm1d, 2d and 3d in one.
/// **Parameters**: `weight` `[C]` = 1 and `bias` `[C]` = 0 at first; buffers `running_mean` = 0,
/// `running_var` = 1, `num_batches_tracked` = 0.
public final class BatchNorm extends Layer {
    private final Config config;
    private final @Nullable Parameter weight;
    private final @Nullable Parameter bias;
    private final Buffer runningMean;
    private final Buffer runningVar;
    private final Buffer batchesTracked;
    private Tensor one = Tensor.scalar(DType.I64, 1);

    /// What the layer computes.
    ///
    /// @param channels C
    /// @param eps      added to the variance
    /// @param momentum weight of the new batch in the running statistics, in [0, 1]; null for the mean over
    ///                 all batches, which asks a device for its count of batches in every step
    /// @param affine   whether weight and bias are trained
    public record Config(int channels, double eps, @Nullable Double momentum, boolean affine) {
        /// Checks the ranges.
        ///
        /// @throws OpException naming what is out of range
        public Config {
            if (channels < 1 || !(eps >= 0) || (momentum != null && !(momentum >= 0 && momentum <= 1))) {
                throw new OpException("batch_norm: expects channels >= 1, eps >= 0 and momentum in [0, 1], got "
                        + channels + ", " + eps + " and " + momentum);
            }
        }

        /// Eps 1e-5, momentum 0.1, trained weight and bias.
        public static Config of(int channels) {
            return new Config(channels, 1e-5, 0.1, true);
        }

        /// The same with another eps.
        public Config withEps(double newEps) {
            return new Config(channels, newEps, momentum, affine);
        }

        /// The same with another momentum.
        public Config withMomentum(double newMomentum) {
            return new Config(channels, eps, newMomentum, affine);
        }

        /// The same with running statistics that are the mean over all batches (PyTorch's momentum `None`).
        public Config withCumulativeAverage() {
            return new Config(channels, eps, null, affine);
        }

        /// The same without weight and bias.
        public Config withoutAffine() {
            return new Config(channels, eps, momentum, false);
        }
    }

    /// PyTorch's defaults.
    public BatchNorm(int channels) {
        this(Config.of(channels));
    }

    /// A configured norm.
    public BatchNorm(Config config) {
        this.config = config;
        weight = config.affine ? parameter("weight", Tensor.ones(config.channels)) : null;
        bias = config.affine ? parameter("bias", Tensor.zeros(config.channels)) : null;
        runningMean = buffer("running_mean", Tensor.zeros(config.channels));
        runningVar = buffer("running_var", Tensor.ones(config.channels));
        batchesTracked = buffer("num_batches_tracked", new Buffer(Tensor.scalar(DType.I64, 0), true));
    }

    /// The trained scale `[C]`, or null.
    public @Nullable Parameter weight() {
        return weight;
    }

    /// The trained shift `[C]`, or null.
    public @Nullable Parameter bias() {
        return bias;
    }

    /// The mean that evaluation uses `[C]`.
    public Tensor runningMean() {
        return runningMean.tensor();
    }

    /// The variance that evaluation uses `[C]`.
    public Tensor runningVar() {
        return runningVar.tensor();
    }

    @Override
    protected Tensor forward(Tensor x) {
        return isTraining() ? normaliseBatch(new Tensor[] {x}, null, false) : normaliseByRunning(x);
    }

    /// `relu.call(call(x))`, in one op where nobody can see the difference: in training, without hooks
    /// on either.
    public Tensor callRelu(Tensor x, ReLU relu) {
        return fusesWith(relu) ? run(in -> new Tensor[] {normaliseBatch(in, null, true)}, x)[0] : relu.call(call(x));
    }

    /// `relu.call(call(x).mul(scale).add(joined))`, in one op where nobody can see the difference: as
    /// s (γ x̂ + b) = (s γ) x̂ + s b, the scale costs a product of `[C]`, not of the whole tensor.
    ///
    /// @param joined the residual stream, of x's shape
    /// @param scale  one number, or one a channel, in a shape that broadcasts over x; null for 1
    public Tensor callAddRelu(Tensor x, Tensor joined, @Nullable Tensor scale, ReLU relu) {
        if (fusesWith(relu) && joined.shape().equals(x.shape())) {
            return run(in -> new Tensor[] {normaliseBatch(in, scale, true)}, x, joined)[0];
        }
        Tensor y = call(x);
        return relu.call((scale == null ? y : y.mul(scale)).add(joined));
    }

    private boolean fusesWith(ReLU relu) {
        return isTraining() && weight != null && !isHooked() && !relu.isHooked();
    }

    private Tensor normaliseByRunning(Tensor x) {
        NormOp op = new NormOp.BatchNormEval(config.eps);
        Tensor mean = runningMean.tensor();
        Tensor var = runningVar.tensor();
        return weight == null || bias == null
                ? Engine.one(op, x, mean, var)
                : Engine.one(op, x, mean, var, weight.value(), bias.value());
    }

    /// The norm of `in[0]` by its own statistics; if `rectified`, times the scale plus `in[1]` where there are
    /// such, then max(·, 0).
    private Tensor normaliseBatch(Tensor[] in, @Nullable Tensor scale, boolean rectified) {
        Tensor x = in[0];
        int count = x.rank() < 2 || x.size(1) == 0 ? 0 : x.numel() / x.size(1);
        if (count == 1) {
            throw new OpException("batch_norm: expects more than one value a channel in training, got " + x.type());
        }
        Tensor[] results = batchResults(in, scale, rectified);
        Tensor tracked = batchesTracked.tensor();
        tracked.update(new UpdateOp.AddScaled(1), oneOn(tracked.device()));
        Double momentum = config.momentum;
        UpdateOp move = new UpdateOp.Lerp(momentum != null ? momentum : 1 / tracked.item());
        Tensor unbiased = results[2].detach().mul(count / (count - 1.0));
        runningMean.tensor().update(move, results[1].detach());
        runningVar.tensor().update(move, unbiased);
        unbiased.storage().release();
        return results[0];
    }

    /// The constant 1 where the counter lives: with a momentum a device must not be asked for its count.
    private Tensor oneOn(Device device) {
        if (!one.device().equals(device)) {
            one = one.to(device);
        }
        return one;
    }

    private Tensor[] batchResults(Tensor[] in, @Nullable Tensor scale, boolean rectified) {
        if (weight == null || bias == null) {
            return Engine.run(new NormOp.BatchNorm(config.eps), in[0]);
        }
        Tensor w = weight.value();
        Tensor b = bias.value();
        if (!rectified) {
            return Engine.run(new NormOp.BatchNorm(config.eps), in[0], w, b);
        }
        if (scale != null) {
            Tensor ofChannels = scale.reshape(scale.numel());
            w = w.mul(ofChannels);
            b = b.mul(ofChannels);
        }
        NormOp op = new NormOp.BatchNormRelu(config.eps);
        return in.length == 1 ? Engine.run(op, in[0], w, b) : Engine.run(op, in[0], w, b, in[1]);
    }

    @Override
    protected String extra() {
        return config.channels + ", eps = " + config.eps + ", momentum = "
                + (config.momentum == null ? "none" : config.momentum)
                + (config.affine ? "" : ", not affine");
    }
}
