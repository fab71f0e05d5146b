package dev.retort.bench.report;

import java.util.Base64;
import java.util.List;

/// Pieces of HTML: escaping, tables, pictures, and the page around them.
public final class Html {
    private Html() {}

    private static final String STYLE = """
            :root { --ink: #1b1f24; --muted: #5f6b7a; --paper: #ffffff; --rule: #dfe4ea; --soft: #f5f7f9;
              --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9; --c6: #8a6d3b;
              --c7: #6b7280; }
            @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --muted: #9aa5b1; --paper: #14171b;
              --rule: #2b3138; --soft: #1c2026; } }
            body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
              max-width: 60rem; margin: 2.5rem auto; padding: 0 1rem; }
            h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
            .lead, figcaption, .note { color: var(--muted); } .note { font-size: .9rem; }
            table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
            th, td { padding: .4rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); }
            td { white-space: nowrap; }
            th:first-child, td:first-child { text-align: left; } th { color: var(--muted); font-weight: 600; }
            tr.best td { background: var(--soft); font-weight: 600; }
            figure { margin: 1rem 0; overflow-x: auto; } .chart { width: 100%; height: auto; min-width: 30rem; }
            .grid { stroke: var(--rule); } .diagonal { stroke: var(--muted); stroke-dasharray: 3 4; }
            .tick, .legend, .label { fill: var(--muted); font-size: 12px; }
            .line { fill: none; stroke: currentColor; stroke-width: 2; } .band { fill: currentColor; opacity: .14; }
            .c0 { color: var(--c0); } .c1 { color: var(--c1); } .c2 { color: var(--c2); } .c3 { color: var(--c3); }
            .c4 { color: var(--c4); } .c5 { color: var(--c5); } .c6 { color: var(--c6); } .c7 { color: var(--c7); }
            .gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; }
            .gallery div { background: var(--soft); padding: .7rem; border-radius: .4rem; font-size: .85rem; }
            .gallery img { width: 5.25rem; height: 5.25rem; image-rendering: pixelated; display: block; }
            .wrong { color: var(--c1); } .right { color: var(--c2); } code { font-size: .9em; }
            """;

    /// `text` with the characters that HTML reserves replaced.
    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /// A whole page.
    public static String page(String title, String body) {
        return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" + escape(title)
                + "</title>\n<style>\n" + STYLE + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
    }

    /// A chart's `<svg>` element as a file of its own, with its colours.
    public static String standalone(String svg) {
        int end = svg.indexOf('>') + 1;
        String head = svg.substring(0, end).replaceFirst("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ");
        return head + "\n<style>\n" + STYLE + "</style>\n" + svg.substring(end);
    }

    /// A table; cells are escaped, row `best` (−1 for none) is set off.
    public static String table(List<String> header, List<List<String>> rows, int best) {
        StringBuilder html = new StringBuilder("<table>\n<thead><tr>");
        for (String cell : header) {
            html.append("<th>").append(escape(cell)).append("</th>");
        }
        html.append("</tr></thead>\n<tbody>\n");
        for (int i = 0; i < rows.size(); i++) {
            html.append(i == best ? "<tr class=\"best\">" : "<tr>");
            for (String cell : rows.get(i)) {
                html.append("<td>").append(escape(cell)).append("</td>");
            }
            html.append("</tr>\n");
        }
        return html.append("</tbody>\n</table>\n").toString();
    }

    /// A figure with a caption; `content` is HTML already.
    public static String figure(String content, String caption) {
        return "<figure>\n" + content + "<figcaption>" + escape(caption) + "</figcaption>\n</figure>\n";
    }

    /// A picture as a PNG data URI.
    ///
    /// @param pixels channels x height x width values in [0, 1]; one or three channels
    public static String picture(float[] pixels, int channels, int height, int width) {
        byte[] rows = new byte[height * (1 + 3 * width)]; // each row begins with its filter, 0 for none
        int plane = height * width;
        for (int i = 0; i < plane; i++) {
            int at = i / width * (1 + 3 * width) + 1 + i % width * 3;
            for (int c = 0; c < 3; c++) {
                rows[at + c] = (byte) level(pixels[channels == 3 ? c * plane + i : i]);
            }
        }
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(Png.encode(rows, width, height));
    }

    private static int level(float value) {
        return Math.clamp(Math.round(value * 255), 0, 255);
    }
}
