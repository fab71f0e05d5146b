package dev.retort.bench.peers;

import dev.retort.bench.report.Html;
import java.util.List;

/// The comparison as a page: the rooflines and the table.
final class ComparisonPage {
    private ComparisonPage() {}

    static String of(Comparison comparison) {
        StringBuilder body =
                new StringBuilder("<h1>Retort and native libraries, side by side</h1>\n<p class=\"note\">");
        body.append(
                        "Ratio: the peer's time over Retort's, the median over interleaved pairs; above 1, Retort is faster. ")
                .append(
                        "Operations are counted by the usual algorithm, so one that needs fewer can pass the roof.</p>\n");
        for (Ceiling ceiling : comparison.ceilings()) {
            body.append(Html.figure(
                    new Roofline(ceiling, comparison.rows()).toSvg(),
                    "Each kernel below what multiply-adds on registers and memory traffic allow; point at a dot for its"
                            + " name."));
        }
        List<List<String>> rows =
                comparison.rows().stream().map(ComparisonText::cells).toList();
        body.append("<h2>All rows</h2>\n").append(Html.table(ComparisonText.header(), rows, -1));
        body.append("<pre>")
                .append(Html.escape(ComparisonText.summary(comparison)))
                .append("</pre>\n");
        List<List<String>> facts = comparison.facts().entrySet().stream()
                .map(fact -> List.of(fact.getKey(), String.valueOf(fact.getValue())))
                .toList();
        body.append("<h2>Where this comes from</h2>\n").append(Html.table(List.of("what", "value"), facts, -1));
        return Html.page("Retort: compared with native libraries", body.toString());
    }
}
