package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;

/// Reference kernels of the optimiser steps of [UpdateOp]: weights w, gradient g and the state are read
/// as doubles, changed element by element and written back.
final class OptimizerReference {
    private OptimizerReference() {}

    static void sgd(UpdateOp.SgdStep op, Tensor[] in) {
        double[] w = UpdateReference.fresh(in[0]);
        double[] g = Elements.doubles(in[1]);
        double[] b = op.momentum() == 0 ? new double[0] : UpdateReference.fresh(in[2]);
        for (int i = 0; i < w.length; i++) {
            double d = g[i] + op.weightDecay() * w[i];
            if (op.momentum() != 0) {
                b[i] = op.first() ? d : op.momentum() * b[i] + (1 - op.dampening()) * d;
                d = op.nesterov() ? d + op.momentum() * b[i] : b[i];
            }
            w[i] -= op.lr() * d;
        }
        UpdateReference.store(w, in[0]);
        if (op.momentum() != 0) {
            UpdateReference.store(b, in[2]);
        }
    }

    static void adam(UpdateOp.AdamStep op, Tensor[] in) {
        double[] w = UpdateReference.fresh(in[0]);
        double[] g = Elements.doubles(in[1]);
        double[] m = UpdateReference.fresh(in[2]);
        double[] v = UpdateReference.fresh(in[3]);
        double correction1 = 1 - StrictMath.pow(op.beta1(), op.step());
        double correction2 = 1 - StrictMath.pow(op.beta2(), op.step());
        for (int i = 0; i < w.length; i++) {
            double grad = g[i];
            if (op.decoupled()) {
                w[i] *= 1 - op.lr() * op.weightDecay();
            } else {
                grad += op.weightDecay() * w[i];
            }
            m[i] = op.beta1() * m[i] + (1 - op.beta1()) * grad;
            v[i] = op.beta2() * v[i] + (1 - op.beta2()) * grad * grad;
            w[i] -= op.lr() * (m[i] / correction1) / (Math.sqrt(v[i] / correction2) + op.eps());
        }
        UpdateReference.store(w, in[0]);
        UpdateReference.store(m, in[2]);
        UpdateReference.store(v, in[3]);
    }

    static void rmsProp(UpdateOp.RmsPropStep op, Tensor[] in) {
        double[] w = UpdateReference.fresh(in[0]);
        double[] g = Elements.doubles(in[1]);
        double[] v = UpdateReference.fresh(in[2]);
        double[] b = op.momentum() == 0 ? new double[0] : UpdateReference.fresh(in[3]);
        for (int i = 0; i < w.length; i++) {
            double grad = g[i] + op.weightDecay() * w[i];
            v[i] = op.alpha() * v[i] + (1 - op.alpha()) * grad * grad;
            double d = grad / (Math.sqrt(v[i]) + op.eps());
            if (op.momentum() != 0) {
                b[i] = op.momentum() * b[i] + d;
                d = b[i];
            }
            w[i] -= op.lr() * d;
        }
        UpdateReference.store(w, in[0]);
        UpdateReference.store(v, in[2]);
        if (op.momentum() != 0) {
            UpdateReference.store(b, in[3]);
        }
    }

    static void adagrad(UpdateOp.AdagradStep op, Tensor[] in) {
        double[] w = UpdateReference.fresh(in[0]);
        double[] g = Elements.doubles(in[1]);
        double[] s = UpdateReference.fresh(in[2]);
        for (int i = 0; i < w.length; i++) {
            double grad = g[i] + op.weightDecay() * w[i];
            s[i] += grad * grad;
            w[i] -= op.lr() * grad / (Math.sqrt(s[i]) + op.eps());
        }
        UpdateReference.store(w, in[0]);
        UpdateReference.store(s, in[2]);
    }

    static void lamb(UpdateOp.LambStep op, Tensor[] in) {
        double[] w = UpdateReference.fresh(in[0]);
        double[] g = Elements.doubles(in[1]);
        double[] m = UpdateReference.fresh(in[2]);
        double[] v = UpdateReference.fresh(in[3]);
        double correction1 = 1 - StrictMath.pow(op.beta1(), op.step());
        double correction2 = 1 - StrictMath.pow(op.beta2(), op.step());
        double[] d = new double[w.length];
        double normW = 0;
        double normD = 0;
        for (int i = 0; i < w.length; i++) {
            m[i] = op.beta1() * m[i] + (1 - op.beta1()) * g[i];
            v[i] = op.beta2() * v[i] + (1 - op.beta2()) * g[i] * g[i];
            d[i] = (m[i] / correction1) / (Math.sqrt(v[i] / correction2) + op.eps()) + op.weightDecay() * w[i];
            normW += w[i] * w[i];
            normD += d[i] * d[i];
        }
        double trust = normW == 0 || normD == 0 ? 1 : Math.sqrt(normW) / Math.sqrt(normD);
        for (int i = 0; i < w.length; i++) {
            w[i] -= op.lr() * trust * d[i];
        }
        UpdateReference.store(w, in[0]);
        UpdateReference.store(m, in[2]);
        UpdateReference.store(v, in[3]);
    }

    static void lion(UpdateOp.LionStep op, Tensor[] in) {
        double[] w = UpdateReference.fresh(in[0]);
        double[] g = Elements.doubles(in[1]);
        double[] m = UpdateReference.fresh(in[2]);
        for (int i = 0; i < w.length; i++) {
            double direction = Math.signum(op.beta1() * m[i] + (1 - op.beta1()) * g[i]);
            w[i] = w[i] * (1 - op.lr() * op.weightDecay()) - op.lr() * direction;
            m[i] = op.beta2() * m[i] + (1 - op.beta2()) * g[i];
        }
        UpdateReference.store(w, in[0]);
        UpdateReference.store(m, in[2]);
    }
}
