package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.DType;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.NormOp;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Reference kernels of [NormOp]. Below, x̂ = (x − mean) · rstd with rstd = 1/√(var + eps), g is the
/// gradient of y, and a mean runs over the elements that share one statistic.
final class NormReference {
    private NormReference() {}

    static Tensor[] run(NormOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case NormOp.BatchNorm o -> batchNorm(o.eps(), in, out);
            case NormOp.BatchNormEval o -> batchNormEval(o.eps(), in, out);
            case NormOp.BatchNormBackward o -> batchNormBackward(o.eps(), in, out);
            case NormOp.BatchNormRelu o -> batchNormRelu(o.eps(), in, out);
            case NormOp.BatchNormReluBackward o -> batchNormReluBackward(o.eps(), in, out);
            case NormOp.LayerNorm o -> rowNorm(Rows.layer(in[0].shape(), o.dims()), o.eps(), in, out);
            case NormOp.LayerNormBackward o -> rowNormBackward(Rows.layer(in[0].shape(), o.dims()), in, out);
            case NormOp.GroupNorm o -> rowNorm(Rows.group(in[0].shape(), o.groups()), o.eps(), in, out);
            case NormOp.GroupNormBackward o -> rowNormBackward(Rows.group(in[0].shape(), o.groups()), in, out);
            case NormOp.RmsNorm o -> rmsNorm(Rows.layer(in[0].shape(), o.dims()), o.eps(), in, out);
            case NormOp.RmsNormBackward o -> rmsNormBackward(Rows.layer(in[0].shape(), o.dims()), in, out);
        };
    }

    /// Elements of an optional input, or null where the op was given none.
    private static double @Nullable [] optional(Tensor[] in, int index) {
        return index < in.length ? Elements.doubles(in[index]) : null;
    }

    private static Tensor[] tensors(TensorType[] types, double[]... data) {
        Tensor[] out = new Tensor[data.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = Elements.tensor(data[i], types[i]);
        }
        return out;
    }

    // ---- batch normalisation: one statistic a channel of [N, C, S] --------------------------------------------------

    // mean[c] = Σ_{n,s} x[n,c,s] / NS; var[c] = Σ_{n,s} (x[n,c,s] − mean[c])² / NS; y = x̂ · weight[c] + bias[c]
    private static Tensor[] batchNorm(double eps, Tensor[] in, TensorType[] out) {
        int batch = in[0].size(0);
        int channels = in[0].size(1);
        int inner = batch * channels == 0 ? 0 : in[0].numel() / (batch * channels);
        double[] x = Elements.doubles(in[0]);
        double[] mean = new double[channels];
        double[] var = new double[channels];
        for (int c = 0; c < channels; c++) {
            for (int n = 0; n < batch; n++) {
                int base = (n * channels + c) * inner;
                for (int s = 0; s < inner; s++) {
                    mean[c] += x[base + s];
                }
            }
            mean[c] /= batch * inner;
            for (int n = 0; n < batch; n++) {
                int base = (n * channels + c) * inner;
                for (int s = 0; s < inner; s++) {
                    double d = x[base + s] - mean[c];
                    var[c] += d * d;
                }
            }
            var[c] /= batch * inner;
        }
        double[] y = normalised(x, batch, inner, mean, var, eps, optional(in, 1), optional(in, 2));
        return tensors(out, y, mean, var);
    }

    private static Tensor[] batchNormEval(double eps, Tensor[] in, TensorType[] out) {
        int batch = in[0].size(0);
        int channels = in[0].size(1);
        int inner = batch * channels == 0 ? 0 : in[0].numel() / (batch * channels);
        double[] mean = Elements.doubles(in[1]);
        double[] var = Elements.doubles(in[2]);
        double[] x = Elements.doubles(in[0]);
        return tensors(out, normalised(x, batch, inner, mean, var, eps, optional(in, 3), optional(in, 4)));
    }

    // y[n,c,s] = (x[n,c,s] − mean[c]) / √(var[c] + eps) · weight[c] + bias[c]
    private static double[] normalised(
            double[] x,
            int batch,
            int inner,
            double[] mean,
            double[] var,
            double eps,
            double @Nullable [] weight,
            double @Nullable [] bias) {
        double[] y = new double[x.length];
        int at = 0;
        for (int n = 0; n < batch; n++) {
            for (int c = 0; c < mean.length; c++) {
                double rstd = 1 / Math.sqrt(var[c] + eps);
                double scale = weight == null ? 1 : weight[c];
                double shift = bias == null ? 0 : bias[c];
                for (int s = 0; s < inner; s++, at++) {
                    y[at] = (x[at] - mean[c]) * rstd * scale + shift;
                }
            }
        }
        return y;
    }

    // dweight[c] = Σ g·x̂; dbias[c] = Σ g; dx = weight[c] · rstd · (g − mean(g) − x̂ · mean(g·x̂))
    private static Tensor[] batchNormBackward(double eps, Tensor[] in, TensorType[] out) {
        int batch = in[0].size(0);
        int channels = in[0].size(1);
        int inner = batch * channels == 0 ? 0 : in[0].numel() / (batch * channels);
        double[] g = Elements.doubles(in[0]);
        double[] x = Elements.doubles(in[1]);
        double[] mean = Elements.doubles(in[2]);
        double[] var = Elements.doubles(in[3]);
        double[] weight = optional(in, 4);
        double[] dx = new double[x.length];
        double[] dweight = new double[channels];
        double[] dbias = new double[channels];
        for (int c = 0; c < channels; c++) {
            double rstd = 1 / Math.sqrt(var[c] + eps);
            for (int n = 0; n < batch; n++) {
                int base = (n * channels + c) * inner;
                for (int at = base; at < base + inner; at++) {
                    dweight[c] += g[at] * (x[at] - mean[c]) * rstd;
                    dbias[c] += g[at];
                }
            }
            double scale = weight == null ? rstd : weight[c] * rstd;
            double meanG = dbias[c] / (batch * inner);
            double meanGx = dweight[c] / (batch * inner);
            for (int n = 0; n < batch; n++) {
                int base = (n * channels + c) * inner;
                for (int at = base; at < base + inner; at++) {
                    dx[at] = scale * (g[at] - meanG - (x[at] - mean[c]) * rstd * meanGx);
                }
            }
        }
        return tensors(out, dx, dweight, dbias);
    }

    // y = max(x̂ · weight[c] + bias[c] + joined, 0), NaN kept
    private static Tensor[] batchNormRelu(double eps, Tensor[] in, TensorType[] out) {
        TensorType[] wide = new TensorType[3];
        Tensor[] operands = new Tensor[3];
        for (int i = 0; i < 3; i++) {
            wide[i] = new TensorType(DType.F64, out[i].shape());
            operands[i] = Elements.tensor(Elements.doubles(in[i]), new TensorType(DType.F64, in[i].shape()));
        }
        Tensor[] normalised = batchNorm(eps, operands, wide);
        double[] y = Elements.doubles(normalised[0]);
        double[] joined = optional(in, 3);
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.max(joined == null ? y[i] : y[i] + joined[i], 0);
        }
        return tensors(out, y, Elements.doubles(normalised[1]), Elements.doubles(normalised[2]));
    }

    // djoined = g where y > 0, else 0; the others are batch normalisation's for that gradient
    private static Tensor[] batchNormReluBackward(double eps, Tensor[] in, TensorType[] out) {
        double[] g = Elements.doubles(in[0]);
        double[] y = Elements.doubles(in[1]);
        double[] gated = new double[g.length];
        for (int i = 0; i < g.length; i++) {
            gated[i] = y[i] > 0 ? g[i] : 0;
        }
        Tensor inner = Elements.tensor(gated, out[0]);
        Tensor[] results =
                batchNormBackward(eps, new Tensor[] {inner, in[2], in[3], in[4], in[5]}, Arrays.copyOf(out, 3));
        if (out.length == 3) {
            return results;
        }
        return new Tensor[] {results[0], results[1], results[2], inner};
    }

    // ---- layer and group normalisation: one statistic a row ---------------------------------------------------------

    // mean = Σ x / L; rstd = 1/√(Σ (x − mean)² / L + eps); y = x̂ · weight + bias
    private static Tensor[] rowNorm(Rows rows, double eps, Tensor[] in, TensorType[] out) {
        double[] x = Elements.doubles(in[0]);
        double[] weight = optional(in, 1);
        double[] bias = optional(in, 2);
        double[] y = new double[x.length];
        double[] mean = new double[rows.count];
        double[] rstd = new double[rows.count];
        int length = rows.length();
        for (int r = 0; r < rows.count; r++) {
            int base = r * length;
            for (int i = base; i < base + length; i++) {
                mean[r] += x[i];
            }
            mean[r] /= length;
            double squares = 0;
            for (int i = base; i < base + length; i++) {
                squares += (x[i] - mean[r]) * (x[i] - mean[r]);
            }
            rstd[r] = 1 / Math.sqrt(squares / length + eps);
            int at = base;
            for (int u = 0; u < rows.units; u++) {
                double scale = weight == null ? 1 : weight[rows.unit(r) + u];
                double shift = bias == null ? 0 : bias[rows.unit(r) + u];
                for (int s = 0; s < rows.inner; s++, at++) {
                    y[at] = (x[at] - mean[r]) * rstd[r] * scale + shift;
                }
            }
        }
        return tensors(out, y, mean, rstd);
    }

    // dweight = Σ_rows g·x̂; dbias = Σ_rows g; with h = g · weight: dx = rstd · (h − mean(h) − x̂ · mean(h·x̂))
    private static Tensor[] rowNormBackward(Rows rows, Tensor[] in, TensorType[] out) {
        double[] g = Elements.doubles(in[0]);
        double[] x = Elements.doubles(in[1]);
        double[] mean = Elements.doubles(in[2]);
        double[] rstd = Elements.doubles(in[3]);
        double[] weight = optional(in, 4);
        double[] dx = new double[x.length];
        double[] dweight = new double[out[1].shape().numel()];
        double[] dbias = new double[dweight.length];
        int length = rows.length();
        for (int r = 0; r < rows.count; r++) {
            double sumH = 0;
            double sumHx = 0;
            int at = r * length;
            for (int u = 0; u < rows.units; u++) {
                int unit = rows.unit(r) + u;
                double scale = weight == null ? 1 : weight[unit];
                for (int s = 0; s < rows.inner; s++, at++) {
                    double normal = (x[at] - mean[r]) * rstd[r];
                    dweight[unit] += g[at] * normal;
                    dbias[unit] += g[at];
                    sumH += g[at] * scale;
                    sumHx += g[at] * scale * normal;
                }
            }
            at = r * length;
            for (int u = 0; u < rows.units; u++) {
                double scale = weight == null ? 1 : weight[rows.unit(r) + u];
                for (int s = 0; s < rows.inner; s++, at++) {
                    double normal = (x[at] - mean[r]) * rstd[r];
                    dx[at] = rstd[r] * (g[at] * scale - sumH / length - normal * (sumHx / length));
                }
            }
        }
        return tensors(out, dx, dweight, dbias);
    }

    // ---- root-mean-square normalisation ---------------------------------------------------------------------------

    // rstd = 1/√(Σ x² / L + eps); y = x · rstd · weight
    private static Tensor[] rmsNorm(Rows rows, double eps, Tensor[] in, TensorType[] out) {
        double[] x = Elements.doubles(in[0]);
        double[] weight = optional(in, 1);
        double[] y = new double[x.length];
        double[] rstd = new double[rows.count];
        int length = rows.length();
        for (int r = 0; r < rows.count; r++) {
            int base = r * length;
            double squares = 0;
            for (int i = base; i < base + length; i++) {
                squares += x[i] * x[i];
            }
            rstd[r] = 1 / Math.sqrt(squares / length + eps);
            for (int i = 0; i < length; i++) {
                y[base + i] = x[base + i] * rstd[r] * (weight == null ? 1 : weight[i]);
            }
        }
        return tensors(out, y, rstd);
    }

    // x̂ = x · rstd; dweight = Σ_rows g·x̂; with h = g · weight: dx = rstd · (h − x̂ · mean(h·x̂))
    private static Tensor[] rmsNormBackward(Rows rows, Tensor[] in, TensorType[] out) {
        double[] g = Elements.doubles(in[0]);
        double[] x = Elements.doubles(in[1]);
        double[] rstd = Elements.doubles(in[2]);
        double[] weight = optional(in, 3);
        double[] dx = new double[x.length];
        double[] dweight = new double[out[1].shape().numel()];
        int length = rows.length();
        for (int r = 0; r < rows.count; r++) {
            int base = r * length;
            double sumHx = 0;
            for (int i = 0; i < length; i++) {
                double normal = x[base + i] * rstd[r];
                dweight[i] += g[base + i] * normal;
                sumHx += g[base + i] * (weight == null ? 1 : weight[i]) * normal;
            }
            for (int i = 0; i < length; i++) {
                double h = g[base + i] * (weight == null ? 1 : weight[i]);
                dx[base + i] = rstd[r] * (h - x[base + i] * rstd[r] * (sumHx / length));
            }
        }
        return tensors(out, dx, dweight);
    }

    /// `count` rows of `units` weight units with `inner` neighbouring elements each; unit 0 of row r is
    /// unit (r mod period) · units of the weight.
    private record Rows(int count, int units, int inner, int period) {
        /// Rows of the last `dims` dimensions; each element has a weight of its own.
        static Rows layer(Shape shape, int dims) {
            int count = 1;
            int length = 1;
            for (int d = 0; d < shape.rank(); d++) {
                if (d < shape.rank() - dims) {
                    count *= shape.dim(d);
                } else {
                    length *= shape.dim(d);
                }
            }
            return new Rows(count, length, 1, 1);
        }

        /// Rows of the C/groups channels of a group of [N, C, …]; each channel has one weight.
        static Rows group(Shape shape, int groups) {
            int inner = 1;
            for (int d = 2; d < shape.rank(); d++) {
                inner *= shape.dim(d);
            }
            return new Rows(shape.dim(0) * groups, shape.dim(1) / groups, inner, groups);
        }

        int length() {
            return units * inner;
        }

        int unit(int row) {
            return row % period * units;
        }
    }
}
