package dev.retort.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A line chart as inline SVG: one line a series, with a band of ± one standard deviation where it is
/// given.
public final class LineChart {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 380;
    private static final int LEFT = 62;
    private static final int RIGHT = 150;
    private static final int TOP = 14;
    private static final int BOTTOM = 46;

    private final String xLabel;
    private final String yLabel;
    private final List<Series> all = new ArrayList<>();
    private boolean diagonal;

    /// A chart with labelled axes and no line yet.
    public LineChart(String xLabel, String yLabel) {
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /// One line.
    ///
    /// @param name what the legend says
    /// @param x    positions, ascending
    /// @param y    values, as many as `x`; NaN leaves a gap
    /// @param sd   half height of the band at each point, or an empty array
    public record Series(String name, double[] x, double[] y, double[] sd) {
        /// Checks the lengths.
        public Series {
            if (x.length != y.length || (sd.length != 0 && sd.length != y.length)) {
                throw new IllegalArgumentException("chart: series '" + name + "' expects equal lengths, got x "
                        + x.length + ", y " + y.length + ", sd " + sd.length);
            }
        }
    }

    /// Adds a line.
    public LineChart add(Series series) {
        all.add(series);
        return this;
    }

    /// Draws y = x as a dotted line: perfect calibration.
    public LineChart withDiagonal() {
        diagonal = true;
        return this;
    }

    /// The chart as an `<svg>` element.
    public String toSvg() {
        Axis xAxis = axis(true);
        Axis yAxis = axis(false);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s over %s\">%n",
                WIDTH,
                HEIGHT,
                Html.escape(yLabel),
                Html.escape(xLabel)));
        grid(svg, xAxis, yAxis);
        if (diagonal) {
            double from = Math.max(xAxis.low(), yAxis.low());
            double to = Math.min(xAxis.high(), yAxis.high());
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"diagonal\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>%n",
                    px(xAxis, from),
                    py(yAxis, from),
                    px(xAxis, to),
                    py(yAxis, to)));
        }
        for (int i = 0; i < all.size(); i++) {
            band(svg, all.get(i), i, xAxis, yAxis);
        }
        for (int i = 0; i < all.size(); i++) {
            line(svg, all.get(i), i, xAxis, yAxis);
            legend(svg, all.get(i), i);
        }
        return svg.append("</svg>\n").toString();
    }

    private Axis axis(boolean horizontal) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (Series series : all) {
            for (int i = 0; i < series.x.length; i++) {
                double value = horizontal ? series.x[i] : series.y[i];
                double sd = horizontal || series.sd.length == 0 ? 0 : series.sd[i];
                if (Double.isFinite(value + sd)) {
                    min = Math.min(min, value - sd);
                    max = Math.max(max, value + sd);
                }
            }
        }
        return Axis.covering(min, max, horizontal ? 8 : 6);
    }

    private static double px(Axis axis, double value) {
        return LEFT + axis.position(value) * (WIDTH - LEFT - RIGHT);
    }

    private static double py(Axis axis, double value) {
        return HEIGHT - BOTTOM - axis.position(value) * (HEIGHT - TOP - BOTTOM);
    }

    private void grid(StringBuilder svg, Axis xAxis, Axis yAxis) {
        for (double tick : yAxis.ticks()) {
            double y = py(yAxis, tick);
            svg.append(String.format(
                    Locale.ROOT,
                    "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/><text class=\"tick\" x=\"%d\""
                            + " y=\"%.1f\" text-anchor=\"end\">%s</text>%n",
                    LEFT,
                    y,
                    WIDTH - RIGHT,
                    y,
                    LEFT - 6,
                    y + 4,
                    yAxis.label(tick)));
        }
        for (double tick : xAxis.ticks()) {
            svg.append(String.format(
                    Locale.ROOT,
                    "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    px(xAxis, tick),
                    HEIGHT - BOTTOM + 18,
                    xAxis.label(tick)));
        }
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                (LEFT + WIDTH - RIGHT) / 2,
                HEIGHT - 8,
                Html.escape(xLabel)));
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"label\" transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>%n",
                (TOP + HEIGHT - BOTTOM) / 2,
                Html.escape(yLabel)));
    }

    private static void band(StringBuilder svg, Series series, int color, Axis xAxis, Axis yAxis) {
        if (series.sd.length == 0 || series.x.length < 2) {
            return;
        }
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < series.x.length; i++) {
            points.append(point(xAxis, yAxis, series.x[i], series.y[i] + series.sd[i]));
        }
        for (int i = series.x.length - 1; i >= 0; i--) {
            points.append(point(xAxis, yAxis, series.x[i], series.y[i] - series.sd[i]));
        }
        svg.append("<polygon class=\"band c")
                .append(color % 8)
                .append("\" points=\"")
                .append(points)
                .append("\"/>\n");
    }

    private static void line(StringBuilder svg, Series series, int color, Axis xAxis, Axis yAxis) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < series.x.length; i++) {
            if (Double.isFinite(series.y[i])) {
                points.append(point(xAxis, yAxis, series.x[i], series.y[i]));
            }
        }
        svg.append("<polyline class=\"line c")
                .append(color % 8)
                .append("\" points=\"")
                .append(points)
                .append("\"/>\n");
    }

    private static String point(Axis xAxis, Axis yAxis, double x, double y) {
        return String.format(Locale.ROOT, "%.1f,%.1f ", px(xAxis, x), py(yAxis, y));
    }

    private static void legend(StringBuilder svg, Series series, int color) {
        int y = TOP + 14 + 22 * color;
        int x = WIDTH - RIGHT + 14;
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"line c%d\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/><text class=\"legend\" x=\"%d\""
                        + " y=\"%d\">%s</text>%n",
                color % 8,
                x,
                y,
                x + 20,
                y,
                x + 26,
                y + 4,
                Html.escape(series.name)));
    }
}
