package dev.retort.bench.reproduce.rad;

import dev.retort.bench.report.Document;
import dev.retort.bench.report.LineChart;
import dev.retort.bench.report.Statistics;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Grid;
import dev.retort.bench.reproduce.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What came out, teacher by teacher.
record RadReport(RadPlan plan, Grid grid, Document document) {
    private static final String ACCURACY = "accuracy";

    void write() {
        document.paragraph("A student is trained on " + plan.labelled() + " labels, then a teacher is asked about "
                + plan.sums().getLast() + " of " + plan.pool() + " unlabelled images in "
                + plan.budgets().size()
                + " rounds; after each, a new student is trained on everything known. Selectors see the same images, the same"
                + " teacher and the same first student. Accuracy is that of the last student on the test images.");
        for (String teacher : plan.teachers()) {
            selectors(teacher);
        }
        document.heading("Which method learns best from what was asked");
        for (String teacher : plan.teachers()) {
            methods(teacher);
        }
    }

    private void selectors(String teacher) {
        List<Cell> cells = grid.cells(cell -> cell.is("teacher", teacher) && cell.is("method", RadPlan.SOFT));
        document.heading("Teacher: " + words(teacher));
        document.paragraph(Tables.verdict(grid, cells, ACCURACY, cell -> cell.get("selector")));
        Cell baseline = RadPlan.cell(teacher, "uniform", RadPlan.SOFT);
        document.table(header(), rows(cells, baseline), position(cells));
        LineChart accuracy = new LineChart("questions asked", "accuracy, %");
        LineChart wrong = new LineChart("questions asked", "wrong labels among those asked for, %");
        for (Cell cell : cells) {
            if (!grid.metric(cell, ACCURACY).isEmpty()) {
                accuracy.add(line(cell, "accuracy_", true));
                wrong.add(line(cell, "wrong_share_", false));
            }
        }
        document.plot(
                "accuracy-" + teacher,
                accuracy,
                "Accuracy over the budget, bands are 95 % intervals. " + words(teacher));
        document.plot("wrong-" + teacher, wrong, "Share of wrong labels so far. " + words(teacher));
    }

    private String words(String teacher) {
        List<Double> accuracy = grid.metric(RadPlan.cell(teacher, "rad", RadPlan.SOFT), "teacher_accuracy");
        String measured =
                accuracy.isEmpty() ? "" : ", right on " + Tables.share(accuracy) + " of the validation images";
        return teacher
                + switch (teacher) {
                    case RadTeachers.WEAK -> " (trained on the student's own labels" + measured + ")";
                    case RadTeachers.BETTER -> " (trained on " + plan.extra() + " labels more" + measured + ")";
                    case RadTeachers.EVEN ->
                        " (a table: wrong on 30 % of the images, whichever they are" + measured + ")";
                    default ->
                        " (a table: wrong on none of the easiest up to 60 % of the hardest images" + measured + ")";
                };
    }

    private List<String> header() {
        List<String> header = new ArrayList<>(List.of("selector"));
        plan.sums().forEach(sum -> header.add("accuracy at " + sum));
        header.addAll(List.of(
                "against uniform, points",
                "wrong labels",
                "worst case, share of the best",
                "questions for a right label"));
        return header;
    }

    private List<List<String>> rows(List<Cell> cells, Cell baseline) {
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : cells) {
            List<String> row = new ArrayList<>(List.of(cell.get("selector")));
            plan.sums().forEach(sum -> row.add(Tables.share(grid.metric(cell, "accuracy_" + sum))));
            row.add(cell.equals(baseline) ? "" : Tables.points(grid.paired(cell, baseline, ACCURACY)));
            row.add(Tables.share(grid.metric(cell, "wrong_share")));
            row.add(Tables.share(grid.metric(cell, "worst_case")));
            List<Double> cost = grid.metric(cell, "cost_of_a_right_label");
            row.add(cost.isEmpty() ? "" : String.format(Locale.ROOT, "%.2f", Statistics.mean(cost)));
            rows.add(row);
        }
        return rows;
    }

    private int position(List<Cell> cells) {
        Cell best = grid.best(cells, ACCURACY);
        return best == null ? -1 : cells.indexOf(best);
    }

    private LineChart.Series line(Cell cell, String metric, boolean fromZero) {
        List<Integer> at = new ArrayList<>(plan.sums());
        if (fromZero) {
            at.addFirst(0);
        }
        double[] x = at.stream().mapToDouble(Integer::doubleValue).toArray();
        double[] y = at.stream()
                .mapToDouble(sum -> 100 * Statistics.mean(grid.metric(cell, metric + sum)))
                .toArray();
        double[] band = at.stream()
                .mapToDouble(sum -> 100 * Statistics.halfWidth(grid.metric(cell, metric + sum)))
                .map(half -> Double.isFinite(half) ? half : 0)
                .toArray();
        return new LineChart.Series(cell.get("selector"), x, y, band);
    }

    private void methods(String teacher) {
        List<Cell> cells = grid.cells(
                cell -> cell.is("teacher", teacher) && plan.combined().contains(cell.get("selector")));
        if (cells.stream().allMatch(cell -> cell.is("method", RadPlan.SOFT))) {
            return;
        }
        document.paragraph("Teacher " + words(teacher) + ". "
                + Tables.verdict(grid, cells, ACCURACY, cell -> cell.get("selector") + " + " + cell.get("method")));
        List<List<String>> rows = new ArrayList<>();
        for (Cell cell : cells) {
            Cell soft = cell.with("method", RadPlan.SOFT);
            rows.add(List.of(
                    cell.get("selector") + " + " + cell.get("method"),
                    Tables.share(grid.metric(cell, ACCURACY)),
                    cell.equals(soft) ? "" : Tables.points(grid.paired(cell, soft, ACCURACY))));
        }
        document.table(List.of("selector + method", ACCURACY, "against soft labels, points"), rows, position(cells));
    }
}
