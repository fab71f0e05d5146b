package dev.retort.nn.loss;

import dev.retort.tensor.Engine;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import java.util.Arrays;

/// Connectionist temporal classification (Graves et al., 2006): −ln of the probability of all alignments
/// of a label sequence with longer outputs. An alignment gives a class or the blank at each time step;
/// repeated classes merge, then blanks vanish.
///
/// **Shape**: log-probabilities `[T, N, C]`; targets `[N, S]`, of which `targetLengths[n]` count, or
/// all target sequences one after the other `[Σ targetLengths]`.
///
/// Computed in double and in logarithms. The gradient is that of the log-probabilities as free variables;
/// PyTorch's has e^x added, which makes no difference once it has gone through log-softmax. There is no
/// second derivative.
///
/// @param blank        class of no label
/// @param zeroInfinity whether an infinite loss (a target that does not fit into the input) counts as 0
///     and gets no
///                     gradient; otherwise its gradient is NaN
public record CTCLoss(int blank, boolean zeroInfinity) {
    /// Blank 0, infinite losses stay.
    public CTCLoss() {
        this(0, false);
    }

    /// PyTorch's mean: each loss divided by the length of its target (at least 1), counted by sequences.
    ///
    /// @throws OpException if shapes, lengths or classes do not fit
    public Loss of(Tensor logProbabilities, Tensor targets, long[] inputLengths, long[] targetLengths) {
        Tensor each = each(logProbabilities, targets, inputLengths, targetLengths);
        double[] shares = new double[targetLengths.length];
        for (int n = 0; n < shares.length; n++) {
            shares[n] = 1.0 / Math.max(1, targetLengths[n]);
        }
        Tensor factors = Tensor.of(shares, shares.length).to(each.dtype()).to(each.device());
        return new Loss(each.mul(factors).sum(), shares.length);
    }

    /// One loss a sequence `[N]`, not divided by a length.
    ///
    /// @throws OpException if shapes, lengths or classes do not fit
    public Tensor each(Tensor logProbabilities, Tensor targets, long[] inputLengths, long[] targetLengths) {
        Tensor x = logProbabilities;
        if (x.rank() != 3 || !x.dtype().isFloating()) {
            throw new OpException("ctc_loss: expects log-probabilities [T, N, C], got " + x.type());
        }
        int n = x.size(1);
        if (inputLengths.length != n || targetLengths.length != n || blank < 0 || blank >= x.size(2)) {
            throw new OpException("ctc_loss: expects " + n + " input and target lengths and a blank in [0, " + x.size(2)
                    + "), got " + inputLengths.length + ", " + targetLengths.length + " and " + blank);
        }
        int[] inputs = new int[n];
        for (int i = 0; i < n; i++) {
            if (inputLengths[i] < 0 || inputLengths[i] > x.size(0) || targetLengths[i] < 0) {
                throw new OpException("ctc_loss: expects lengths from 0 to T = " + x.size(0) + ", got "
                        + inputLengths[i] + " with a target of " + targetLengths[i]);
            }
            inputs[i] = (int) inputLengths[i];
        }
        int[][] labels = labels(targets, targetLengths, x.size(2));
        return Engine.one(new CtcOp(inputs, labels, blank, zeroInfinity), x);
    }

    private static int[][] labels(Tensor targets, long[] lengths, int classes) {
        long total = Arrays.stream(lengths).sum();
        boolean rows = targets.rank() == 2 && targets.size(0) == lengths.length;
        long longest = Arrays.stream(lengths).max().orElse(0);
        if (targets.dtype().isFloating()
                || !(rows ? longest <= targets.size(1) : targets.rank() == 1 && targets.numel() == total)) {
            throw new OpException("ctc_loss: expects targets [N, S] with lengths up to S, or [Σ lengths = " + total
                    + "], got " + targets.type() + ", longest " + longest);
        }
        long[] all = targets.toLongs();
        int[][] labels = new int[lengths.length][];
        int next = 0;
        for (int n = 0; n < labels.length; n++) {
            int from = rows ? n * targets.size(1) : next;
            next += (int) lengths[n];
            labels[n] = new int[(int) lengths[n]];
            for (int s = 0; s < labels[n].length; s++) {
                long label = all[from + s];
                if (label < 0 || label >= classes) {
                    throw new OpException("ctc_loss: expects labels in [0, " + classes + "), got " + label);
                }
                labels[n][s] = (int) label;
            }
        }
        return labels;
    }
}
