package dev.retort.bench.peers;

import dev.retort.bench.report.Html;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The roofline of one thread count (Williams, Waterman and Patterson, "Roofline", Communications
/// of the ACM 52(4), 2009): speed over arithmetic intensity, both logarithmic, below what registers
/// and memory allow.
final class Roofline {
    private static final int WIDTH = 820;
    private static final int HEIGHT = 460;
    private static final int LEFT = 64;
    private static final int RIGHT = 24;
    private static final int TOP = 18;
    private static final int BOTTOM = 48;

    private final Ceiling ceiling;
    private final List<Measurement> rows;
    private final double minX;
    private final double maxX;
    private final double minY;
    private final double maxY;

    Roofline(Ceiling ceiling, List<Measurement> all) {
        this.ceiling = ceiling;
        this.rows = all.stream()
                .filter(row -> row.threads() == ceiling.threads() && row.flops() > 0 && row.bytes() > 0)
                .toList();
        double low = 0.05;
        double high = 2 * ceiling.gflops() / ceiling.gigabytes();
        double slowest = ceiling.gflops();
        double fastest = ceiling.gflops();
        for (Measurement row : rows) {
            low = Math.min(low, row.flops() / row.bytes() / 1.5);
            high = Math.max(high, 1.5 * row.flops() / row.bytes());
            slowest = Math.min(slowest, Math.min(row.retortGflops(), row.peerGflops()));
            fastest = Math.max(fastest, Math.max(row.retortGflops(), row.peerGflops()));
        }
        minX = low;
        maxX = high;
        minY = slowest / 1.5;
        maxY = fastest * 1.5;
    }

    private double x(double intensity) {
        return LEFT + (WIDTH - LEFT - RIGHT) * Math.log(intensity / minX) / Math.log(maxX / minX);
    }

    private double y(double gflops) {
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * Math.log(gflops / minY) / Math.log(maxY / minY);
    }

    /// The plot as an `<svg>` element.
    String toSvg() {
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" font-size=\"12\" fill=\"currentColor\""
                        + " xmlns=\"http://www.w3.org/2000/svg\">%n",
                WIDTH,
                HEIGHT));
        axes(svg);
        roof(svg);
        for (Measurement row : rows) {
            point(svg, row, row.peerGflops(), row.peer(), "none", "#d55e00");
            point(svg, row, row.retortGflops(), "Retort", "#0072b2", "#0072b2");
        }
        legend(svg);
        return svg.append("</svg>\n").toString();
    }

    private void axes(StringBuilder svg) {
        for (double tick : ticks(minX, maxX)) {
            line(svg, x(tick), y(minY), x(tick), y(maxY), "stroke=\"currentColor\" stroke-opacity=\".12\"");
            text(svg, x(tick), HEIGHT - BOTTOM + 17, "middle", label(tick));
        }
        for (double tick : ticks(minY, maxY)) {
            line(svg, x(minX), y(tick), x(maxX), y(tick), "stroke=\"currentColor\" stroke-opacity=\".12\"");
            text(svg, LEFT - 7, y(tick) + 4, "end", label(tick));
        }
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 10, "middle", "operations a byte");
        text(svg, LEFT - 50, TOP - 5, "start", "GFLOP/s");
    }

    private void roof(StringBuilder svg) {
        double ridge = Math.max(minX, ceiling.gflops() / ceiling.gigabytes());
        double start = Math.max(minX, minY / ceiling.gigabytes());
        String style = "stroke=\"currentColor\" stroke-width=\"2\"";
        line(svg, x(start), y(start * ceiling.gigabytes()), x(ridge), y(ceiling.gflops()), style);
        line(svg, x(ridge), y(ceiling.gflops()), x(maxX), y(ceiling.gflops()), style);
    }

    private void point(StringBuilder svg, Measurement row, double gflops, String who, String fill, String stroke) {
        svg.append(String.format(
                Locale.ROOT,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" fill-opacity=\".75\" stroke=\"%s\"><title>%s</title>"
                        + "</circle>%n",
                x(row.flops() / row.bytes()),
                y(gflops),
                fill,
                stroke,
                Html.escape(String.format(Locale.ROOT, "%s, %s: %.1f GFLOP/s", row.name(), who, gflops))));
    }

    private void legend(StringBuilder svg) {
        svg.append(String.format(
                Locale.ROOT,
                "<circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"#0072b2\"/><circle cx=\"%d\" cy=\"%d\" r=\"4\" fill=\"none\""
                        + " stroke=\"#d55e00\"/>%n",
                LEFT + 16,
                TOP + 12,
                LEFT + 16,
                TOP + 30));
        text(svg, LEFT + 26, TOP + 16, "start", "Retort");
        text(svg, LEFT + 26, TOP + 34, "start", "the faster peer");
        String words = String.format(
                Locale.ROOT,
                "%d thread%s: %.0f GFLOP/s, %.1f GB/s, both measured",
                ceiling.threads(),
                ceiling.threads() == 1 ? "" : "s",
                ceiling.gflops(),
                ceiling.gigabytes());
        text(svg, LEFT + 26, TOP + 52, "start", words);
    }

    private static List<Double> ticks(double low, double high) {
        List<Double> ticks = new ArrayList<>();
        for (int power = -6; power <= 9; power++) {
            double tick = Math.pow(10, power);
            if (tick >= low && tick <= high) {
                ticks.add(tick);
            }
        }
        return ticks;
    }

    private static String label(double tick) {
        return tick < 1 ? Double.toString(tick) : String.format(Locale.ROOT, "%,.0f", tick);
    }

    private static void line(StringBuilder svg, double x1, double y1, double x2, double y2, String style) {
        svg.append(String.format(
                Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>%n", x1, y1, x2, y2, style));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String words) {
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>%n",
                x,
                y,
                anchor,
                Html.escape(words)));
    }
}
