package dev.retort.bench.distill;

import dev.retort.bench.report.Html;
import dev.retort.bench.report.LineChart;
import dev.retort.bench.report.Statistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// `report.html`: the table, learning curves, loss terms, calibration of the teacher's margins, and images of
/// disagreement.
final class ReportPage {
    private ReportPage() {}

    static String of(Results results) {
        StringBuilder body = new StringBuilder();
        body.append("<h1>Which distillation did best?</h1>\n<p class=\"lead\">")
                .append(Html.escape(ResultsTable.verdict(results)))
                .append(
                        "</p>\n<p class=\"note\">Intervals are 95 % of Student's t over the differences paired by seed.</p>\n");
        body.append(Html.table(ResultsTable.HEADER, ResultsTable.rows(results), ResultsTable.bestRow(results)));
        body.append("<h2>Learning curves</h2>\n").append(curves(results));
        body.append("<h2>Loss terms</h2>\n");
        results.methods().forEach(method -> body.append(losses(method)));
        if (!results.calibration().isEmpty()) {
            body.append("<h2>How far the teacher can be trusted</h2>\n").append(calibration(results));
        }
        if (!results.gallery().isEmpty()) {
            body.append("<h2>Where the students disagree</h2>\n").append(gallery(results));
        }
        body.append("<h2>Where this comes from</h2>\n").append(provenance(results.provenance()));
        return Html.page("Retort: distillation compared", body.toString());
    }

    private static String curves(Results results) {
        LineChart chart = new LineChart("epoch", "validation accuracy, %");
        for (Results.MethodResult method : results.methods()) {
            chart.add(overSeeds(method.name(), method.curves(), 100));
        }
        return Html.figure(
                chart.toSvg(),
                "Mean over the seeds; the bands are ± one standard deviation. On the validation images, which nothing is"
                        + " trained on.");
    }

    private static String losses(Results.MethodResult method) {
        LineChart chart = new LineChart("epoch", "loss of " + method.name());
        method.terms().forEach((term, seeds) -> chart.add(overSeeds(term, seeds, 1)));
        return Html.figure(
                chart.toSvg(),
                method.name() + ": mean of each loss term over an epoch, before its weight; bands as above.");
    }

    /// Mean and standard deviation over the seeds at each epoch that all of them have.
    private static LineChart.Series overSeeds(String name, List<List<Double>> seeds, double factor) {
        int epochs = seeds.stream().mapToInt(List::size).min().orElse(0);
        double[] x = new double[epochs];
        double[] y = new double[epochs];
        double[] sd = new double[epochs];
        for (int e = 0; e < epochs; e++) {
            int epoch = e;
            List<Double> values =
                    seeds.stream().map(curve -> factor * curve.get(epoch)).toList();
            x[e] = e + 1;
            y[e] = Statistics.mean(values);
            sd[e] = Statistics.sd(values);
        }
        return new LineChart.Series(name, x, y, sd);
    }

    private static String calibration(Results results) {
        List<Results.MarginBin> bins = results.calibration();
        double[] margin = bins.stream().mapToDouble(Results.MarginBin::margin).toArray();
        double[] right = bins.stream().mapToDouble(Results.MarginBin::accuracy).toArray();
        double[] estimate =
                bins.stream().mapToDouble(Results.MarginBin::estimate).toArray();
        LineChart chart = new LineChart("teacher's margin (largest minus second probability)", "share right")
                .withDiagonal()
                .add(new LineChart.Series("measured", margin, right, new double[0]))
                .add(new LineChart.Series("isotonic fit", margin, estimate, new double[0]));
        int count = bins.stream().mapToInt(Results.MarginBin::count).sum();
        return Html.figure(
                chart.toSvg(),
                String.format(
                        Locale.ROOT,
                        "Teacher of the first seed on %d validation images, in %d groups of equal size. The isotonic fit is"
                                + " the α(x) that SLaM trusts each pseudo-label with, before its lower bound.",
                        count,
                        bins.size()));
    }

    private static String gallery(Results results) {
        StringBuilder html = new StringBuilder("<div class=\"gallery\">\n");
        for (Results.Disagreement example : results.gallery()) {
            html.append("<div><img alt=\"")
                    .append(Html.escape(example.truth()))
                    .append("\" src=\"")
                    .append(example.picture())
                    .append("\"><strong>")
                    .append(Html.escape(example.truth()))
                    .append("</strong>");
            said(html, "teacher", example.teacher(), example.truth());
            example.said().forEach((name, label) -> said(html, name, label, example.truth()));
            html.append("</div>\n");
        }
        return html.append("</div>\n").toString();
    }

    private static void said(StringBuilder html, String who, String label, String truth) {
        html.append("<br>")
                .append(Html.escape(who))
                .append(": <span class=\"")
                .append(label.equals(truth) ? "right" : "wrong")
                .append("\">")
                .append(Html.escape(label))
                .append("</span>");
    }

    private static String provenance(Map<String, Object> provenance) {
        List<List<String>> rows = provenance.entrySet().stream()
                .map(entry -> List.of(entry.getKey(), String.valueOf(entry.getValue())))
                .toList();
        return Html.table(List.of("what", "value"), rows, -1);
    }
}
