package dev.retort.bench.reproduce.rad;

import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.Size;
import java.util.ArrayList;
import java.util.List;

/// How large the experiment is.
///
/// @param data       `embedded`, `fashion-mnist` or a folder
/// @param labelled   labelled samples of the student
/// @param validation samples to judge teachers by
/// @param extra      labelled samples that only the better teacher is trained on, and difficulty is judged by
/// @param pool       unlabelled samples
/// @param budgets    questions, round by round
/// @param student    model
/// @param teacher    model
/// @param epochs     of a student, each round
/// @param seeds      runs
/// @param teachers   who is asked, see [RadTeachers]
/// @param selectors  who chooses
/// @param combined   selectors that are tried with other methods than soft labels
record RadPlan(
        String data,
        int labelled,
        int validation,
        int extra,
        int pool,
        List<Integer> budgets,
        String student,
        String teacher,
        int epochs,
        int seeds,
        List<String> teachers,
        List<String> selectors,
        List<String> combined) {
    static final String SOFT = "soft";
    private static final List<String> METHODS = List.of("slam", "weighted");

    static RadPlan of(Size size) {
        return switch (size) {
            case QUICK ->
                new RadPlan(
                        "embedded",
                        200,
                        300,
                        1_000,
                        3_000,
                        List.of(150, 150),
                        "mlp:64",
                        "mlp:128",
                        15,
                        2,
                        List.of(RadTeachers.WEAK, RadTeachers.HARD),
                        List.of("rad", "uniform", "margin", "entropy"),
                        List.of("rad"));
            case SMALL ->
                new RadPlan(
                        "embedded",
                        300,
                        500,
                        1_500,
                        6_000,
                        List.of(300, 300, 300),
                        "mlp:64",
                        "cnn:8,16,32",
                        25,
                        5,
                        List.of(RadTeachers.WEAK, RadTeachers.BETTER, RadTeachers.HARD),
                        List.of(
                                "rad",
                                "rad-loss",
                                "uniform",
                                "margin",
                                "entropy",
                                "core-set",
                                "badge",
                                "cluster-margin",
                                "unixkd"),
                        List.of("rad", "uniform", "margin"));
            case FULL ->
                new RadPlan(
                        "fashion-mnist",
                        500,
                        1_000,
                        5_000,
                        50_000,
                        List.of(500, 500, 500, 500, 500, 500),
                        "cnn:16,32,64",
                        "resnet20:16,32,64",
                        40,
                        5,
                        List.of(RadTeachers.WEAK, RadTeachers.BETTER, RadTeachers.EVEN, RadTeachers.HARD),
                        dev.retort.bench.select.Selectors.NAMES,
                        List.of("rad", "rad-loss", "uniform", "margin", "badge"));
        };
    }

    /// The same with other images.
    RadPlan withData(String source) {
        return new RadPlan(
                source,
                labelled,
                validation,
                extra,
                pool,
                budgets,
                student,
                teacher,
                epochs,
                seeds,
                teachers,
                selectors,
                combined);
    }

    /// Every selector with every teacher, and the chosen ones with the other methods where teachers err
    /// most.
    List<Cell> cells() {
        List<Cell> cells = new ArrayList<>();
        for (String teacher : teachers) {
            for (String selector : selectors) {
                // A table of labels knows none for mixtures.
                if (!selector.equals("unixkd") || !RadTeachers.isTable(teacher)) {
                    cells.add(cell(teacher, selector, SOFT));
                }
            }
        }
        for (String teacher : teachers) {
            for (String selector : combined) {
                for (String method : teacher.equals(RadTeachers.BETTER) ? List.<String>of() : METHODS) {
                    cells.add(cell(teacher, selector, method));
                }
            }
        }
        return cells;
    }

    static Cell cell(String teacher, String selector, String method) {
        return Cell.of("teacher", teacher, "selector", selector, "method", method);
    }

    /// Numbers of questions after each round.
    List<Integer> sums() {
        List<Integer> sums = new ArrayList<>();
        int sum = 0;
        for (int budget : budgets) {
            sum += budget;
            sums.add(sum);
        }
        return sums;
    }
}
