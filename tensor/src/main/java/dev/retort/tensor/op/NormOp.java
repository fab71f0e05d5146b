package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import java.util.Arrays;

/// Normalisations. Statistics are accumulated in two passes (mean, then squared deviations); eps is
/// added to the variance.
///
/// Ops with optional scale and shift take either x alone or (x, weight, bias).
public sealed interface NormOp extends Op {
    /// Added to the variance before the root.
    double eps();

    private static void affine(NormOp op, TensorType[] in, int... shape) {
        Check.that(in.length == 1 || in.length == 3, op, "expects (x) or (x, weight, bias)", in);
        Check.sameDType(op, in);
        Check.floating(op, in[0]);
        if (in.length == 3) {
            Check.shape(op, "weight", in[1], shape);
            Check.shape(op, "bias", in[2], shape);
        }
    }

    private static int channels(NormOp op, TensorType x) {
        Check.that(x.shape().rank() >= 2, op, "expects input [N, C, ...]", x);
        return x.shape().dim(1);
    }

    private static int[] trailing(NormOp op, TensorType x, int dims) {
        int rank = x.shape().rank();
        Check.that(dims >= 1 && dims <= rank, op, "expects 1 to rank normalised dims, dims = " + dims, x);
        return Arrays.copyOfRange(x.shape().dims(), rank - dims, rank);
    }

    private static Shape leading(TensorType x, int dims) {
        return Shape.of(Arrays.copyOf(x.shape().dims(), x.shape().rank() - dims));
    }

    /// Batch normalisation with the statistics of the batch (Ioffe and Szegedy, 2015, arXiv 1502.03167).
    ///
    /// Inputs (x `[N, C, ...]`) or (x, weight `[C]`, bias `[C]`); results (y, mean `[C]`, biased variance
    /// `[C]`): y = (x − mean)/√(var + eps) · weight + bias, statistics over all dimensions but C.
    record BatchNorm(double eps) implements NormOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1, 3);
            int c = channels(this, in[0]);
            affine(this, in, c);
            Check.that(c == 0 || in[0].shape().numel() / c > 0, this, "expects at least one element a channel", in);
            TensorType stat = in[0].with(Shape.of(c));
            return new TensorType[] {in[0], stat, stat};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            int[] dims = NormComposites.allButChannel(in[0].rank());
            Tensor mean = in[0].mean(true, dims);
            Tensor centred = in[0].sub(mean);
            Tensor var = centred.square().mean(true, dims);
            Tensor y = centred.mul(var.add(eps).rsqrt());
            return new Tensor[] {NormComposites.channelAffine(y, in), mean.reshape(-1), var.reshape(-1)};
        }
    }

    /// Batch normalisation with given statistics: inputs (x, mean `[C]`, var `[C]`) or (x, mean, var,
    /// weight `[C]`, bias `[C]`).
    record BatchNormEval(double eps) implements NormOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.that(in.length == 3 || in.length == 5, this, "expects (x, mean, var[, weight, bias])", in);
            Check.sameDType(this, in);
            Check.floating(this, in[0]);
            int c = channels(this, in[0]);
            for (int i = 1; i < in.length; i++) {
                Check.shape(this, new String[] {"mean", "variance", "weight", "bias"}[i - 1], in[i], c);
            }
            return one(in[0]);
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            int rank = in[0].rank();
            Tensor y = in[0].sub(NormComposites.channel(in[1], rank))
                    .mul(NormComposites.channel(in[2], rank).add(eps).rsqrt());
            return new Tensor[] {
                in.length == 5 ? y.mul(NormComposites.channel(in[3], rank)).add(NormComposites.channel(in[4], rank)) : y
            };
        }
    }

    /// Inputs (gradY, x, mean, var) or (gradY, x, mean, var, weight): results (gradX, gradWeight `[C]`,
    /// gradBias `[C]`).
    record BatchNormBackward(double eps) implements NormOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 4, 5);
            TensorType stat = in[0].with(Shape.of(channels(this, in[0])));
            return new TensorType[] {in[0], stat, stat};
        }
    }

    /// Batch normalisation, an optional sum and the rectifier in one op, as residual blocks use them:
    /// y = max(BatchNorm(x) + joined, 0).
    ///
    /// Inputs (x `[N, C, ...]`, weight `[C]`, bias `[C]`) or (x, weight, bias, joined of x's shape); results
    /// (y, mean `[C]`, biased variance `[C]`) as [BatchNorm]'s. Saves writing and reading the values between.
    record BatchNormRelu(double eps) implements NormOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3, 4);
            TensorType[] results = new BatchNorm(eps).infer(Arrays.copyOf(in, 3));
            if (in.length == 4) {
                Check.sameDType(this, in);
                Check.shape(this, "joined", in[3], in[0].shape().dims());
            }
            return results;
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor[] results = new BatchNorm(eps).composite(Arrays.copyOf(in, 3));
            results[0] = (in.length == 4 ? results[0].add(in[3]) : results[0]).relu();
            return results;
        }
    }

    /// Inputs (gradY, y, x, mean, var, weight): results (gradX, gradWeight `[C]`, gradBias `[C]`) and, if
    /// `joined`, the gradient of the fourth input: gradY where y > 0, else 0. Where y comes from x alone, the bias
    /// may follow as seventh input, so that a kernel can find the places without reading y.
    record BatchNormReluBackward(double eps, boolean joined) implements NormOp, BackwardOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 6, 7);
            TensorType stat = in[0].with(Shape.of(channels(this, in[0])));
            return joined ? new TensorType[] {in[0], stat, stat, in[0]} : new TensorType[] {in[0], stat, stat};
        }
    }

    /// Layer normalisation over the last `dims` dimensions (Ba et al., 2016, arXiv 1607.06450).
    ///
    /// Inputs (x) or (x, weight, bias of the normalised shape); results (y, mean, rstd = 1/√(var + eps)),
    /// statistics of the leading shape.
    record LayerNorm(int dims, double eps) implements NormOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1, 3);
            affine(this, in, trailing(this, in[0], dims));
            TensorType stat = in[0].with(leading(in[0], dims));
            return new TensorType[] {in[0], stat, stat};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            int[] over = NormComposites.last(in[0].rank(), dims);
            Tensor mean = in[0].mean(true, over);
            Tensor centred = in[0].sub(mean);
            Tensor rstd = centred.square().mean(true, over).add(eps).rsqrt();
            Tensor y = centred.mul(rstd);
            Shape stat = Shape.of(Arrays.copyOf(in[0].shape().dims(), in[0].rank() - dims));
            return new Tensor[] {in.length == 3 ? y.mul(in[1]).add(in[2]) : y, mean.reshape(stat), rstd.reshape(stat)};
        }
    }

    /// Inputs (gradY, x, mean, rstd) or (gradY, x, mean, rstd, weight): results (gradX, gradWeight,
    /// gradBias).
    record LayerNormBackward(int dims) implements NormOp, BackwardOp {
        @Override
        public double eps() {
            return 0; // already inside rstd
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 4, 5);
            TensorType stat = in[0].with(Shape.of(trailing(this, in[0], dims)));
            return new TensorType[] {in[0], stat, stat};
        }
    }

    /// Group normalisation (Wu and He, 2018, arXiv 1803.08494); groups = C is instance normalisation.
    ///
    /// Inputs (x `[N, C, ...]`) or (x, weight `[C]`, bias `[C]`); results (y, mean `[N, G]`, rstd `[N,
    /// G]`).
    record GroupNorm(int groups, double eps) implements NormOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1, 3);
            int c = channels(this, in[0]);
            affine(this, in, c);
            Check.that(groups >= 1 && c % groups == 0, this, "expects channels divisible by groups = " + groups, in);
            TensorType stat = in[0].with(Shape.of(in[0].shape().dim(0), groups));
            return new TensorType[] {in[0], stat, stat};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            int n = in[0].size(0);
            int inner = n == 0 ? 0 : in[0].numel() / (n * groups);
            Tensor x = in[0].reshape(n, groups, inner);
            Tensor mean = x.mean(true, 2);
            Tensor centred = x.sub(mean);
            Tensor rstd = centred.square().mean(true, 2).add(eps).rsqrt();
            Tensor y = centred.mul(rstd).reshape(in[0].shape());
            return new Tensor[] {NormComposites.channelAffine(y, in), mean.reshape(n, groups), rstd.reshape(n, groups)};
        }
    }

    /// Inputs (gradY, x, mean, rstd) or (gradY, x, mean, rstd, weight): results (gradX, gradWeight
    /// `[C]`, gradBias `[C]`).
    record GroupNormBackward(int groups) implements NormOp, BackwardOp {
        @Override
        public double eps() {
            return 0; // already inside rstd
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 4, 5);
            TensorType stat = in[0].with(Shape.of(channels(this, in[0])));
            return new TensorType[] {in[0], stat, stat};
        }
    }

    /// Root-mean-square normalisation over the last `dims` dimensions (Zhang and Sennrich, 2019, arXiv
    /// 1910.07467).
    ///
    /// Inputs (x) or (x, weight of the normalised shape); results (y = x·rstd·weight, rstd = 1/√(mean x²
    /// + eps)).
    record RmsNorm(int dims, double eps) implements NormOp, Fused {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1, 2);
            Check.sameDType(this, in);
            Check.floating(this, in[0]);
            int[] normalised = trailing(this, in[0], dims);
            if (in.length == 2) {
                Check.shape(this, "weight", in[1], normalised);
            }
            return new TensorType[] {in[0], in[0].with(leading(in[0], dims))};
        }

        @Override
        public Tensor[] composite(Tensor[] in) {
            Tensor rstd = in[0].square()
                    .mean(true, NormComposites.last(in[0].rank(), dims))
                    .add(eps)
                    .rsqrt();
            Tensor y = in[0].mul(rstd);
            Shape stat = Shape.of(Arrays.copyOf(in[0].shape().dims(), in[0].rank() - dims));
            return new Tensor[] {in.length == 2 ? y.mul(in[1]) : y, rstd.reshape(stat)};
        }
    }

    /// Inputs (gradY, x, rstd) or (gradY, x, rstd, weight): results (gradX, gradWeight).
    record RmsNormBackward(int dims) implements NormOp, BackwardOp {
        @Override
        public double eps() {
            return 0; // already inside rstd
        }

        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 3, 4);
            return new TensorType[] {in[0], in[0].with(Shape.of(trailing(this, in[0], dims)))};
        }
    }
}
