package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Optimiser steps that divide by a running size of the gradient, over ranges of floats; parameters and
/// state change in place, in one pass.
public final class AdaptiveLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private AdaptiveLoops() {}

    /// RMSprop: `g' = g + decay w; v = alpha v + fresh g'^2; d = g' / (√v + eps)`, then `w -= lr d`, or with a
    /// momentum `b = momentum b + d; w -= lr b`. Without one, `b` is not touched.
    public static void rmsProp(
            float lr,
            float alpha,
            float fresh,
            float eps,
            float decay,
            float momentum,
            float[] g,
            int go,
            float[] w,
            int wo,
            float[] v,
            int vo,
            float[] b,
            int bo,
            int n) {
        boolean moving = momentum != 0;
        FloatVector k = FloatVector.broadcast(S, alpha);
        FloatVector d = FloatVector.broadcast(S, decay);
        FloatVector step = FloatVector.broadcast(S, -lr);
        FloatVector mu = FloatVector.broadcast(S, momentum);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector old = FloatVector.fromArray(S, w, wo + i);
            FloatVector grad = d.fma(old, FloatVector.fromArray(S, g, go + i));
            FloatVector square =
                    k.fma(FloatVector.fromArray(S, v, vo + i), grad.mul(grad).mul(fresh));
            square.intoArray(v, vo + i);
            FloatVector direction = grad.div(square.sqrt().add(eps));
            if (moving) {
                direction = mu.fma(FloatVector.fromArray(S, b, bo + i), direction);
                direction.intoArray(b, bo + i);
            }
            step.fma(direction, old).intoArray(w, wo + i);
        }
        for (; i < n; i++) {
            float old = w[wo + i];
            float grad = Math.fma(decay, old, g[go + i]);
            float square = Math.fma(alpha, v[vo + i], grad * grad * fresh);
            v[vo + i] = square;
            float direction = grad / ((float) Math.sqrt(square) + eps);
            if (moving) {
                direction = Math.fma(momentum, b[bo + i], direction);
                b[bo + i] = direction;
            }
            w[wo + i] = Math.fma(-lr, direction, old);
        }
    }

    /// Adagrad: `g' = g + decay w; s += g'^2; w -= lr g' / (√s + eps)`.
    public static void adagrad(
            float lr, float eps, float decay, float[] g, int go, float[] w, int wo, float[] s, int so, int n) {
        FloatVector d = FloatVector.broadcast(S, decay);
        FloatVector step = FloatVector.broadcast(S, -lr);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector old = FloatVector.fromArray(S, w, wo + i);
            FloatVector grad = d.fma(old, FloatVector.fromArray(S, g, go + i));
            FloatVector sum = grad.fma(grad, FloatVector.fromArray(S, s, so + i));
            sum.intoArray(s, so + i);
            step.fma(grad.div(sum.sqrt().add(eps)), old).intoArray(w, wo + i);
        }
        for (; i < n; i++) {
            float old = w[wo + i];
            float grad = Math.fma(decay, old, g[go + i]);
            float sum = Math.fma(grad, grad, s[so + i]);
            s[so + i] = sum;
            w[wo + i] = Math.fma(-lr, grad / ((float) Math.sqrt(sum) + eps), old);
        }
    }

    /// First half of LAMB: `m = b1 m + c1 g; v = b2 v + c2 g^2; d = scale m / (root √v + eps) + decay w`.
    public static void lambDirection(
            float scale,
            float b1,
            float c1,
            float b2,
            float c2,
            float root,
            float eps,
            float decay,
            float[] g,
            int go,
            float[] w,
            int wo,
            float[] m,
            int mo,
            float[] v,
            int vo,
            float[] d,
            int at,
            int n) {
        FloatVector keepM = FloatVector.broadcast(S, b1);
        FloatVector keepV = FloatVector.broadcast(S, b2);
        FloatVector r = FloatVector.broadcast(S, root);
        FloatVector e = FloatVector.broadcast(S, eps);
        FloatVector pull = FloatVector.broadcast(S, decay);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector grad = FloatVector.fromArray(S, g, go + i);
            FloatVector mean = keepM.fma(FloatVector.fromArray(S, m, mo + i), grad.mul(c1));
            FloatVector square = keepV.fma(
                    FloatVector.fromArray(S, v, vo + i), grad.mul(grad).mul(c2));
            mean.intoArray(m, mo + i);
            square.intoArray(v, vo + i);
            FloatVector adapted = mean.mul(scale).div(r.fma(square.sqrt(), e));
            pull.fma(FloatVector.fromArray(S, w, wo + i), adapted).intoArray(d, at + i);
        }
        for (; i < n; i++) {
            float grad = g[go + i];
            float mean = Math.fma(b1, m[mo + i], grad * c1);
            float square = Math.fma(b2, v[vo + i], grad * grad * c2);
            m[mo + i] = mean;
            v[vo + i] = square;
            float adapted = mean * scale / Math.fma(root, (float) Math.sqrt(square), eps);
            d[at + i] = Math.fma(decay, w[wo + i], adapted);
        }
    }
}
