package dev.retort.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Named values with intervals as inline SVG: one row each, a dot at the value and a bar over the
/// interval, and a vertical line at the value to compare with.
public final class IntervalChart {
    private static final int WIDTH = 720;
    private static final int LEFT = 230;
    private static final int RIGHT = 20;
    private static final int TOP = 10;
    private static final int BOTTOM = 46;
    private static final int ROW = 24;
    private static final int TICKS = 6;

    private final String label;
    private final double reference;
    private final List<Row> rows = new ArrayList<>();

    /// A chart without rows.
    ///
    /// @param label     of the horizontal axis
    /// @param reference where the vertical line stands
    public IntervalChart(String label, double reference) {
        this.label = label;
        this.reference = reference;
    }

    /// @param halfWidth of the interval; not finite for none
    private record Row(String name, double value, double halfWidth) {
        double reach() {
            return Double.isFinite(halfWidth) ? halfWidth : 0;
        }
    }

    /// Adds a row below the others.
    ///
    /// @param halfWidth of the interval around the value; not finite for none
    /// @throws IllegalArgumentException if the value is not finite
    public IntervalChart add(String name, double value, double halfWidth) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("chart: row '" + name + "' expects a finite value, got " + value);
        }
        rows.add(new Row(name, value, halfWidth));
        return this;
    }

    /// The chart as an `<svg>` element.
    public String toSvg() {
        double min = reference;
        double max = reference;
        for (Row row : rows) {
            min = Math.min(min, row.value - row.reach());
            max = Math.max(max, row.value + row.reach());
        }
        Axis axis = Axis.covering(min, max, TICKS);
        int height = TOP + ROW * rows.size() + BOTTOM;
        StringBuilder svg = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg class=\"chart\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">%n",
                WIDTH,
                height,
                Html.escape(label)));
        grid(svg, axis, height);
        for (int i = 0; i < rows.size(); i++) {
            row(svg, axis, rows.get(i), TOP + ROW * i + ROW / 2);
        }
        return svg.append("</svg>\n").toString();
    }

    private static double px(Axis axis, double value) {
        return LEFT + axis.position(value) * (WIDTH - LEFT - RIGHT);
    }

    private void grid(StringBuilder svg, Axis axis, int height) {
        int bottom = height - BOTTOM;
        for (double tick : axis.ticks()) {
            vertical(svg, "grid", px(axis, tick), bottom);
            svg.append(String.format(
                    Locale.ROOT,
                    "<text class=\"tick\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    px(axis, tick),
                    bottom + 18,
                    axis.label(tick)));
        }
        vertical(svg, "diagonal", px(axis, reference), bottom);
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"label\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                (LEFT + WIDTH - RIGHT) / 2,
                height - 8,
                Html.escape(label)));
    }

    private static void vertical(StringBuilder svg, String style, double x, int bottom) {
        svg.append(String.format(
                Locale.ROOT,
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>%n",
                style,
                x,
                TOP,
                x,
                bottom));
    }

    private static void row(StringBuilder svg, Axis axis, Row row, int y) {
        svg.append(String.format(
                Locale.ROOT,
                "<text class=\"legend\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>"
                        + "<line class=\"line c0\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
                        + "<circle class=\"c0\" fill=\"currentColor\" cx=\"%.1f\" cy=\"%d\" r=\"4\"/>%n",
                LEFT - 8,
                y + 4,
                Html.escape(row.name),
                px(axis, row.value - row.reach()),
                y,
                px(axis, row.value + row.reach()),
                y,
                px(axis, row.value),
                y));
    }
}
