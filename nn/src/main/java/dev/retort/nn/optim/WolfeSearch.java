package dev.retort.nn.optim;

import java.util.function.DoubleFunction;

/// A length t along a direction where the loss has fallen enough, f(t) ≤ f(0) + 1e-4·t·f′(0), and
/// flattened enough, |f′(t)| ≤ 0.9·|f′(0)|: bracketing, then zooming in by cubic interpolation (Nocedal
/// and Wright, "Numerical Optimization", algorithms 3.5 and 3.6). A length whose loss or slope is not a
/// number counts as one whose loss is infinite: the search goes back from it and never ends there.
final class WolfeSearch {
    private static final double FALL = 1e-4;
    private static final double FLATTEN = 0.9;
    private static final int LIMIT = 25;

    private final DoubleFunction<Point> function;
    private final double reach;
    private final double changeLimit;
    private int evaluations;

    /// What is known of one length.
    ///
    /// @param t        the length
    /// @param loss     f(t)
    /// @param gradient of all parameters
    /// @param slope    f′(t), its share along the direction
    record Point(double t, double loss, double[] gradient, double slope) {}

    WolfeSearch(DoubleFunction<Point> function, double[] direction, double changeLimit) {
        this.function = function;
        this.changeLimit = changeLimit;
        double largest = 0;
        for (double d : direction) {
            largest = Math.max(largest, Math.abs(d));
        }
        reach = largest;
    }

    int evaluations() {
        return evaluations;
    }

    private Point evaluate(double t) {
        evaluations++;
        Point point = function.apply(t);
        return Double.isNaN(point.loss) || Double.isNaN(point.slope)
                ? new Point(t, Double.POSITIVE_INFINITY, point.gradient, point.slope)
                : point;
    }

    private static boolean fallsShort(Point point, Point origin) {
        return point.loss > origin.loss + FALL * point.t * origin.slope;
    }

    private static boolean isFlat(Point point, Point origin) {
        return Math.abs(point.slope) <= -FLATTEN * origin.slope;
    }

    /// Looks for a length, `first` being tried first; the best that was found if none is good.
    Point run(double first, Point origin) {
        Point before = origin;
        Point now = evaluate(first);
        for (int i = 0; i < LIMIT; i++) {
            if (fallsShort(now, origin) || (i > 1 && now.loss >= before.loss)) {
                return zoom(before, now, origin, i);
            }
            if (isFlat(now, origin)) {
                return now;
            }
            if (now.slope >= 0) {
                return zoom(before, now, origin, i);
            }
            double next = cubic(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10);
            before = now;
            now = evaluate(next);
        }
        return origin.loss <= now.loss ? origin : now;
    }

    /// Narrows a bracket that holds a good length.
    private Point zoom(Point a, Point b, Point origin, int tried) {
        Point low = a.loss <= b.loss ? a : b;
        Point high = low == a ? b : a;
        boolean closeBefore = false;
        for (int i = tried; i < LIMIT && Math.abs(high.t - low.t) * reach >= changeLimit; i++) {
            double left = Math.min(low.t, high.t);
            double right = Math.max(low.t, high.t);
            double t = cubic(low, high, left, right);
            double margin = 0.1 * (right - left);
            boolean close = Math.min(right - t, t - left) < margin;
            if (close && (closeBefore || t >= right || t <= left)) {
                t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
                closeBefore = false;
            } else {
                closeBefore = close;
            }
            Point now = evaluate(t);
            if (fallsShort(now, origin) || now.loss >= low.loss) {
                high = now;
                if (high.loss < low.loss) {
                    Point swap = low;
                    low = high;
                    high = swap;
                }
            } else {
                if (isFlat(now, origin)) {
                    return now;
                }
                if (now.slope * (high.t - low.t) >= 0) {
                    high = low;
                }
                low = now;
            }
        }
        return low;
    }

    /// Where the cubic through both points and slopes is lowest, within bounds; their middle where it has
    /// no minimum or an end is infinite.
    private static double cubic(Point a, Point b, double least, double most) {
        Point left = a.t <= b.t ? a : b;
        Point right = left == a ? b : a;
        double d1 = left.slope + right.slope - 3 * (left.loss - right.loss) / (left.t - right.t);
        double square = d1 * d1 - left.slope * right.slope;
        if (!(square >= 0)) {
            return (least + most) / 2;
        }
        double d2 = Math.sqrt(square);
        double lowest = right.t - (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2));
        return Double.isNaN(lowest) ? (least + most) / 2 : Math.min(Math.max(lowest, least), most);
    }
}
