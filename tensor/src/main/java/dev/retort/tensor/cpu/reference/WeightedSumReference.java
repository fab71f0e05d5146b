package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;

/// y = Σ wᵢ xᵢ and its gradients, dwᵢ = Σ g · xᵢ and dxᵢ = wᵢ g.
final class WeightedSumReference {
    private WeightedSumReference() {}

    static Tensor forward(Tensor[] in, TensorType out) {
        double[] w = Elements.doubles(in[0]);
        double[] y = new double[out.shape().numel()];
        for (int i = 0; i < w.length; i++) {
            double[] x = Elements.doubles(in[i + 1]);
            for (int j = 0; j < y.length; j++) {
                y[j] += w[i] * x[j];
            }
        }
        return Elements.tensor(y, out);
    }

    static Tensor[] backward(Tensor[] in, TensorType[] out) {
        double[] g = Elements.doubles(in[0]);
        double[] w = Elements.doubles(in[1]);
        double[] dw = new double[w.length];
        Tensor[] gradients = new Tensor[out.length];
        for (int i = 0; i < w.length; i++) {
            double[] x = Elements.doubles(in[i + 2]);
            double[] dx = new double[g.length];
            for (int j = 0; j < g.length; j++) {
                dw[i] += g[j] * x[j];
                dx[j] = w[i] * g[j];
            }
            gradients[i + 1] = Elements.tensor(dx, out[i + 1]);
        }
        gradients[0] = Elements.tensor(dw, out[0]);
        return gradients;
    }
}
