package dev.retort.tensor.cpu.simd.loops;

import dev.retort.tensor.cpu.simd.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Optimiser steps over ranges of floats, parameters and state changed in place in one pass.
public final class UpdateLoops {
    private static final VectorSpecies<Float> S = Lanes.SPECIES;
    private static final int L = Lanes.LENGTH;

    private UpdateLoops() {}

    /// `w += weight * (x - w)`.
    public static void lerp(float weight, float[] x, int xo, float[] w, int wo, int n) {
        FloatVector f = FloatVector.broadcast(S, weight);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector old = FloatVector.fromArray(S, w, wo + i);
            f.fma(FloatVector.fromArray(S, x, xo + i).sub(old), old).intoArray(w, wo + i);
        }
        for (; i < n; i++) {
            w[wo + i] = Math.fma(weight, x[xo + i] - w[wo + i], w[wo + i]);
        }
    }

    /// `w -= lr * (g + decay * w)`.
    public static void sgd(float lr, float decay, float[] g, int go, float[] w, int wo, int n) {
        FloatVector step = FloatVector.broadcast(S, -lr);
        FloatVector d = FloatVector.broadcast(S, decay);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector old = FloatVector.fromArray(S, w, wo + i);
            step.fma(d.fma(old, FloatVector.fromArray(S, g, go + i)), old).intoArray(w, wo + i);
        }
        for (; i < n; i++) {
            float old = w[wo + i];
            w[wo + i] = Math.fma(-lr, Math.fma(decay, old, g[go + i]), old);
        }
    }

    /// `g' = g + decay w; b = momentum b + fresh g'` (b = g' if `first`); `w -= lr * (nesterov ? g' +
    /// momentum b : b)`.
    public static void sgdMomentum(
            float lr,
            float momentum,
            float fresh,
            float decay,
            boolean nesterov,
            boolean first,
            float[] g,
            int go,
            float[] w,
            int wo,
            float[] b,
            int bo,
            int n) {
        float kept = first ? 0f : momentum;
        FloatVector step = FloatVector.broadcast(S, -lr);
        FloatVector d = FloatVector.broadcast(S, decay);
        FloatVector k = FloatVector.broadcast(S, kept);
        FloatVector ahead = FloatVector.broadcast(S, momentum);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector old = FloatVector.fromArray(S, w, wo + i);
            FloatVector grad = d.fma(old, FloatVector.fromArray(S, g, go + i));
            FloatVector velocity = k.fma(FloatVector.fromArray(S, b, bo + i), grad.mul(fresh));
            velocity.intoArray(b, bo + i);
            FloatVector direction = nesterov ? ahead.fma(velocity, grad) : velocity;
            step.fma(direction, old).intoArray(w, wo + i);
        }
        for (; i < n; i++) {
            float old = w[wo + i];
            float grad = Math.fma(decay, old, g[go + i]);
            float velocity = Math.fma(kept, b[bo + i], grad * fresh);
            b[bo + i] = velocity;
            w[wo + i] = Math.fma(-lr, nesterov ? Math.fma(momentum, velocity, grad) : velocity, old);
        }
    }

    /// Adam: `g' = g + decay w; m = b1 m + (1 - b1) g'; v = b2 v + (1 - b2) g'^2;`
    /// `w = shrink w - stepSize m / (root √v + eps)`.
    public static void adam(
            float stepSize,
            float b1,
            float c1,
            float b2,
            float c2,
            float root,
            float eps,
            float shrink,
            float decay,
            float[] g,
            int go,
            float[] w,
            int wo,
            float[] m,
            int mo,
            float[] v,
            int vo,
            int n) {
        FloatVector step = FloatVector.broadcast(S, -stepSize);
        FloatVector d = FloatVector.broadcast(S, decay);
        FloatVector keepM = FloatVector.broadcast(S, b1);
        FloatVector keepV = FloatVector.broadcast(S, b2);
        FloatVector r = FloatVector.broadcast(S, root);
        FloatVector e = FloatVector.broadcast(S, eps);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector old = FloatVector.fromArray(S, w, wo + i);
            FloatVector grad = d.fma(old, FloatVector.fromArray(S, g, go + i));
            FloatVector mean = keepM.fma(FloatVector.fromArray(S, m, mo + i), grad.mul(c1));
            FloatVector square = keepV.fma(
                    FloatVector.fromArray(S, v, vo + i), grad.mul(grad).mul(c2));
            mean.intoArray(m, mo + i);
            square.intoArray(v, vo + i);
            FloatVector direction = mean.div(r.fma(square.sqrt(), e));
            step.fma(direction, old.mul(shrink)).intoArray(w, wo + i);
        }
        for (; i < n; i++) {
            float old = w[wo + i];
            float grad = Math.fma(decay, old, g[go + i]);
            float mean = Math.fma(b1, m[mo + i], grad * c1);
            float square = Math.fma(b2, v[vo + i], grad * grad * c2);
            m[mo + i] = mean;
            v[vo + i] = square;
            float direction = mean / Math.fma(root, (float) Math.sqrt(square), eps);
            w[wo + i] = Math.fma(-stepSize, direction, old * shrink);
        }
    }

    /// Lion: `w = shrink w - lr sign(b1 m + (1 - b1) g); m = b2 m + (1 - b2) g`.
    public static void lion(
            float lr,
            float b1,
            float c1,
            float b2,
            float c2,
            float shrink,
            float[] g,
            int go,
            float[] w,
            int wo,
            float[] m,
            int mo,
            int n) {
        FloatVector keepU = FloatVector.broadcast(S, b1);
        FloatVector keepM = FloatVector.broadcast(S, b2);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector grad = FloatVector.fromArray(S, g, go + i);
            FloatVector mean = FloatVector.fromArray(S, m, mo + i);
            FloatVector u = keepU.fma(mean, grad.mul(c1));
            FloatVector step = u.mul(0f) // keeps NaN
                    .blend(lr, u.compare(VectorOperators.GT, 0f))
                    .blend(-lr, u.compare(VectorOperators.LT, 0f));
            FloatVector.fromArray(S, w, wo + i).mul(shrink).sub(step).intoArray(w, wo + i);
            keepM.fma(mean, grad.mul(c2)).intoArray(m, mo + i);
        }
        for (; i < n; i++) {
            float u = Math.fma(b1, m[mo + i], g[go + i] * c1);
            float step = u > 0f ? lr : u < 0f ? -lr : u * 0f;
            w[wo + i] = w[wo + i] * shrink - step;
            m[mo + i] = Math.fma(b2, m[mo + i], g[go + i] * c2);
        }
    }
}
