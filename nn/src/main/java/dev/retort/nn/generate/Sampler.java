package dev.retort.nn.generate;

import dev.retort.tensor.OpException;
import java.util.Arrays;
import java.util.BitSet;

/// Chooses a token from logits; the arrays are reused, so one sampler serves one thread.
final class Sampler {
    private final GenerationConfig config;
    private final float[] logits;
    private final long[] order;

    Sampler(GenerationConfig config, int vocabulary) {
        this.config = config;
        logits = new float[vocabulary];
        order = new long[vocabulary];
    }

    /// A chosen token and ln of its probability under the model.
    record Choice(int token, double logProbability) {}

    /// Chooses from row `row` of `all`, `[B, V]`.
    ///
    /// @param used    tokens of prompt and text
    /// @param uniform a draw from [0, 1); not looked at when greedy
    /// @throws OpException if no logit is a number above −∞, or one is NaN
    Choice choose(float[] all, int row, BitSet used, double uniform) {
        System.arraycopy(all, row * logits.length, logits, 0, logits.length);
        double normaliser = logSumExp(logits);
        penalise(logits, used, config.repetitionPenalty());
        int token = config.temperature() == 0 ? largest(logits) : draw(uniform);
        return new Choice(token, all[row * logits.length + token] - normaliser);
    }

    /// ln Σ eˣ.
    ///
    /// @throws OpException if it is not finite
    static double logSumExp(float[] values) {
        float max = values[largest(values)];
        double sum = 0;
        for (float value : values) {
            sum += Math.exp(value - (double) max);
        }
        double result = max + Math.log(sum);
        if (!Double.isFinite(result)) {
            throw new OpException("generate: expects finite logits, got ln of the sum of exponentials " + result);
        }
        return result;
    }

    static void penalise(float[] logits, BitSet used, double penalty) {
        if (penalty == 1) {
            return;
        }
        for (int i = used.nextSetBit(0); i >= 0; i = used.nextSetBit(i + 1)) {
            logits[i] = (float) (logits[i] > 0 ? logits[i] / penalty : logits[i] * penalty);
        }
    }

    /// The first of the largest.
    private static int largest(float[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best] || Float.isNaN(values[i])) {
                best = i; // a NaN is found out by the sum of exponentials
            }
        }
        return best;
    }

    private int draw(double uniform) {
        float max = logits[largest(logits)];
        double total = 0;
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) Math.exp((logits[i] - (double) max) / config.temperature());
            total += logits[i];
        }
        int kept = candidates(total);
        double mass = 0;
        for (int i = 0; i < kept; i++) {
            mass += logits[(int) order[i]];
        }
        double left = uniform * mass;
        for (int i = 0; i < kept; i++) {
            left -= logits[(int) order[i]];
            if (left < 0) {
                return (int) order[i];
            }
        }
        return (int) order[kept - 1]; // rounding may leave a crumb
    }

    /// Puts the tokens that may be drawn, by falling weight and then by index, into [#order].
    private int candidates(double total) {
        boolean all = config.topK() == 0 && config.topP() == 1;
        // A token below this share is outside every nucleus: all such tokens together weigh less than 1 - p.
        double least = config.topP() == 1 ? 0 : 0.999 * (1 - config.topP()) / logits.length * total;
        int count = 0;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] > least) {
                // Weights are not negative, so their bits order them; the index is below 2³¹.
                order[count++] = all ? i : (long) (Integer.MAX_VALUE - Float.floatToIntBits(logits[i])) << 32 | i;
            }
        }
        if (all) {
            return count;
        }
        Arrays.sort(order, 0, count);
        int kept = config.topK() == 0 ? count : Math.min(count, config.topK());
        double mass = 0;
        for (int i = 0; i < kept; i++) {
            mass += logits[(int) order[i]];
        }
        double wanted = config.topK() == 0 ? config.topP() * total : config.topP() * mass;
        double reached = 0;
        int nucleus = 0;
        while (nucleus < kept && (nucleus == 0 || reached < wanted)) {
            reached += logits[(int) order[nucleus++]];
        }
        return config.topP() == 1 ? kept : nucleus;
    }
}
