package dev.retort.nn.loss;

import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.LossOp;

/// Losses as functions. Each gives the sum and the count; `.mean()` of the result is PyTorch's default
/// reduction.
public final class Losses {
    private Losses() {}

    /// Cross-entropy of logits `[N, C]` with class indices `[N]` or probabilities `[N, C]`; see
    /// [CrossEntropy] for smoothing, weights and ignored classes.
    public static Loss crossEntropy(Tensor logits, Tensor target) {
        return CrossEntropy.defaults().of(logits, target);
    }

    /// Kullback-Leibler divergence KL(p ‖ q) = Σ_c p·(ln p − ln q), counted by rows (PyTorch's
    /// `batchmean`).
    ///
    /// @param logQ ln q, `[N, C]` (the model; PyTorch's argument order)
    /// @param p    probabilities `[N, C]`
    public static Loss klDiv(Tensor logQ, Tensor p) {
        return divergence(logQ, p, false);
    }

    /// KL(p ‖ q) with both as logarithms, `[N, C]`.
    public static Loss klDivLog(Tensor logQ, Tensor logP) {
        return divergence(logQ, logP, true);
    }

    private static Loss divergence(Tensor logQ, Tensor target, boolean logTarget) {
        if (logQ.rank() == 0) {
            throw new OpException("kl_div: expects [N, C], got " + logQ.type());
        }
        return new Loss(Engine.one(new LossOp.KlDiv(logTarget), logQ, target).sum(), logQ.size(0));
    }

    /// (x − y)², counted by elements.
    public static Loss mse(Tensor x, Tensor y) {
        return elements(new LossOp.Mse(), x, y);
    }

    /// |x − y|, counted by elements.
    public static Loss l1(Tensor x, Tensor y) {
        return elements(new LossOp.L1(), x, y);
    }

    /// ½(x − y)²/beta where |x − y| < beta, |x − y| − beta/2 elsewhere, counted by elements (Girshick,
    /// 2015, arXiv 1504.08083, with beta = 1); beta = 0 is [#l1].
    ///
    /// @throws OpException if beta is negative
    public static Loss smoothL1(Tensor x, Tensor y, double beta) {
        return beta == 0 ? l1(x, y) : elements(new LossOp.SmoothL1(beta), x, y);
    }

    /// ½(x − y)² where |x − y| < delta, delta · (|x − y| − delta/2) elsewhere, counted by elements (Huber, 1964);
    /// delta times [#smoothL1].
    ///
    /// @throws OpException if delta is not positive
    public static Loss huber(Tensor x, Tensor y, double delta) {
        if (!(delta > 0)) {
            throw new OpException("huber: expects delta > 0, got " + delta);
        }
        return smoothL1(x, y, delta).times(delta);
    }

    /// max(0, ‖a − p‖ − ‖a − n‖ + margin) of anchors, positives and negatives `[N, D]`, counted by rows (Schroff et
    /// al., 2015, arXiv 1503.03832). As in PyTorch 1e-6 is added to every difference.
    ///
    /// @throws OpException if the shapes differ or are not `[N, D]`
    public static Loss tripletMargin(Tensor anchor, Tensor positive, Tensor negative, double margin) {
        boolean same = anchor.shape().equals(positive.shape()) && anchor.shape().equals(negative.shape());
        if (!same || anchor.rank() != 2) {
            throw new OpException("triplet_margin: expects three tensors [N, D] of one shape, got " + anchor.type()
                    + ", " + positive.type() + " and " + negative.type());
        }
        Tensor near = anchor.sub(positive).add(1e-6).norm(2, false, 1);
        Tensor far = anchor.sub(negative).add(1e-6).norm(2, false, 1);
        return new Loss(near.sub(far).add(margin).relu().sum(), anchor.size(0));
    }

    /// ½(ln v + (x − y)²/v) of means x and variances v, counted by elements; the negative log-likelihood of a normal
    /// distribution without its constant (Nix and Weigend, 1994). Variances are kept at 1e-6 or more, and there
    /// get no gradient, unlike PyTorch's.
    ///
    /// @throws OpException if a shape differs
    public static Loss gaussianNll(Tensor x, Tensor y, Tensor variance) {
        if (!x.shape().equals(y.shape()) || !x.shape().equals(variance.shape())) {
            throw new OpException(
                    "gaussian_nll: expects one shape, got " + x.type() + ", " + y.type() + " and " + variance.type());
        }
        Tensor v = variance.clampMin(1e-6);
        return new Loss(v.log().add(x.sub(y).square().div(v)).mul(0.5).sum(), x.numel());
    }

    /// Binary cross-entropy −y·ln σ(z) − (1 − y)·ln(1 − σ(z)) of logits z with targets y in [0, 1],
    /// counted by elements.
    public static Loss bceWithLogits(Tensor logits, Tensor target) {
        return elements(new LossOp.BceWithLogits(), logits, target);
    }

    /// Binary cross-entropy with a factor on the positive part: −w·y·ln σ(z) − (1 − y)·ln(1 − σ(z)), counted
    /// by elements.
    ///
    /// @param positiveWeight w, broadcasts to the logits; one a class, say, of rare labels (PyTorch's
    ///                       `pos_weight`)
    ///
    /// @throws OpException if the target does not have the logits' shape
    public static Loss bceWithLogits(Tensor logits, Tensor target, Tensor positiveWeight) {
        if (!target.shape().equals(logits.shape())) {
            throw new OpException("bce_with_logits: expects a target of the logits' shape, got logits " + logits.type()
                    + ", target " + target.type());
        }
        Tensor factor = target.mul(positiveWeight.sub(1.0)).add(1.0); // 1 + (w − 1)·y
        Tensor negative = logits.mul(target.neg().add(1.0)); // (1 − y)·z
        Tensor each = negative.sub(logits.logSigmoid().mul(factor));
        return new Loss(each.sum(), logits.numel());
    }

    private static Loss elements(LossOp op, Tensor x, Tensor y) {
        return new Loss(Engine.one(op, x, y).sum(), x.numel());
    }
}
