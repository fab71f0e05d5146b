package dev.retort.distill.select;

import java.util.Arrays;

/// Strategies of learner and adversary at a level c, in the order of sorted gains.
///
/// @param probabilities q, the learner's
/// @param adversary     r, the adversary's
record GameFill(double[] probabilities, double[] adversary) {
    private static final int HALVINGS = 200;
    private static final double TINY = 1e-12;
    private static final double NEAR = 1e-9;

    /// The closed form: the k largest gains at equal stakes.
    static GameFill free(SortedGains gains, int k, double level, double weight, double penalty) {
        double[] q = new double[gains.size()];
        double[] r = new double[gains.size()];
        double price = (k - weight) / gains.inverse(k);
        for (int i = 0; i < k; i++) {
            q[i] = Math.min(1, level / gains.gain(i));
            r[i] = Math.max(0, 1 - price / gains.gain(i)) / (1 + penalty);
        }
        return new GameFill(q, r);
    }

    /// The greedy filling of a budget at level c, and the answer to it.
    static GameFill at(SortedGains gains, double level, int budget, double wrong, double penalty) {
        int n = gains.size();
        double[] q = new double[n];
        double left = budget;
        int k = 0;
        for (; k < n && left > TINY; k++) {
            double room = gains.gain(k) > level ? level / gains.gain(k) : 1;
            q[k] = Math.min(room, left);
            left -= q[k];
        }
        int p = gains.above(level);
        for (; p > 0 && left > TINY; p--) {
            double more = Math.min(1 - q[p - 1], left);
            q[p - 1] += more;
            left -= more;
        }
        return new GameFill(q, answer(gains, q, level, wrong, penalty));
    }

    /// Makes every gain that is worth asking for worth the same price ν: `rᵢ = (1 − ν / gᵢ) / (1 + λ)`.
    private static double[] answer(SortedGains gains, double[] q, double level, double wrong, double penalty) {
        double near = NEAR * Math.max(level, Double.MIN_NORMAL);
        int j = gains.above(level + near);
        int edge = gains.above(level - near);
        double low = cheapest(gains, q, j, level, penalty);
        double high = Math.max(low, dearest(gains, q, j, level, penalty));
        for (int step = 0; step < HALVINGS && SortedGains.apart(low, high); step++) {
            double middle = low + (high - low) / 2;
            if (demand(gains, j, middle, penalty) > wrong) {
                low = middle;
            } else {
                high = middle;
            }
        }
        double[] r = new double[q.length];
        double left = wrong;
        for (int i = 0; i < j; i++) {
            r[i] = Math.min(left, response(gains.gain(i), high, penalty));
            left -= r[i];
        }
        // Gains at the level itself are at stake whole; they share what the adversary has left.
        for (int i = j; i < edge && left > 0; i++) {
            r[i] = Math.min(left / (edge - i), 1);
            left -= r[i];
        }
        for (int i = edge; i < r.length && left > TINY; i++) {
            r[i] = Math.min(left, 1);
            left -= r[i];
        }
        return r;
    }

    private static double response(double gain, double price, double penalty) {
        return Math.clamp((1 - price / gain) / (1 + penalty), 0, 1);
    }

    private static double demand(SortedGains gains, int j, double price, double penalty) {
        double sum = 0;
        for (int i = 0; i < j; i++) {
            sum += response(gains.gain(i), price, penalty);
        }
        return sum;
    }

    /// What one more query would earn.
    private static double cheapest(SortedGains gains, double[] q, int j, double level, double penalty) {
        int over = firstOver(gains, q, j, level);
        int k = filled(q);
        if (over < j) {
            boolean partial = q[over] < 1 - NEAR;
            return -penalty * gains.gain(partial ? over : Math.max(0, over - 1));
        }
        if (isPartial(gains, q, k, level)) {
            return gains.gain(k - 1);
        }
        return k < q.length ? gains.gain(k) : -penalty * gains.gain(Math.max(0, j - 1));
    }

    /// What the last query earned.
    private static double dearest(SortedGains gains, double[] q, int j, double level, double penalty) {
        int over = firstOver(gains, q, j, level);
        int k = filled(q);
        if (over < j) {
            return -penalty * gains.gain(over);
        }
        return k == 0 ? Double.MAX_VALUE : gains.gain(k - 1);
    }

    /// The first gain that is asked for beyond the level.
    private static int firstOver(SortedGains gains, double[] q, int j, double level) {
        int over = j;
        while (over > 0 && q[over - 1] * gains.gain(over - 1) > level * (1 + NEAR)) {
            over--;
        }
        return over;
    }

    private static int filled(double[] q) {
        int k = 0;
        while (k < q.length && q[k] > 0) {
            k++;
        }
        return k;
    }

    private static boolean isPartial(SortedGains gains, double[] q, int k, double level) {
        return k > 0 && q[k - 1] < Math.min(1, level / gains.gain(k - 1)) * (1 - NEAR);
    }

    @Override
    public String toString() {
        return Arrays.toString(probabilities) + " against " + Arrays.toString(adversary);
    }
}
