package dev.retort.bench.reproduce.papers;

import dev.retort.bench.distill.Methods;
import dev.retort.bench.reproduce.Cell;
import dev.retort.bench.reproduce.CellRun;
import dev.retort.bench.reproduce.Size;
import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.teacher.Teacher;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Splits;
import dev.retort.nn.data.Subset;
import dev.retort.tensor.Rng;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What the experiments on a pool of images have in common: cells of (part, labelled images, method, and what
/// else differs), and a run of one.
///
/// Factors: `part` of the experiment, `labels`, `method` as the command line names it, and optionally
/// `noise` (η of a synthetic teacher), `validation` (its size), `student` (an architecture).
record PoolExperiment(PoolTask task, Size size, Scale scale) {
    /// The synthetic teacher's short list.
    static final int SHORT_LIST = 3;

    /// The experiment's name: that on the command line, with the kind of data where that is not pictures.
    String experiment(String name) {
        return switch (task) {
            case ImageTask _ -> name;
            case TextTask _ -> name + "-text";
        };
    }

    Map<String, String> configuration() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("size", size.toString());
        words.put("data", task.name());
        words.put("training images", String.valueOf(task.train().size()));
        words.put("test images", String.valueOf(task.test().size()));
        words.putAll(scale.words());
        return words;
    }

    /// Cells of one part over labelled-set sizes and methods.
    static void add(List<Cell> cells, String part, List<Integer> labels, List<String> methods) {
        for (int count : labels) {
            for (String method : methods) {
                cells.add(Cell.of("part", part, "labels", String.valueOf(count), "method", method));
            }
        }
    }

    /// Cells of one part over error rates of a synthetic teacher and methods.
    static void addNoise(List<Cell> cells, int labels, List<String> rates, List<String> methods) {
        for (String rate : rates) {
            for (String method : methods) {
                cells.add(Cell.of("part", "noise", "labels", String.valueOf(labels), "noise", rate, "method", method));
            }
        }
    }

    PoolTrial trial(Cell cell, long seed, CellRun run) {
        return new PoolTrial(task, scale, split(cell, seed), seed, run);
    }

    /// The data of a cell. A smaller validation set is a part of the usual one, so that the cells that ask what it
    /// is worth share labelled samples, pool and teacher with the others.
    DataSplit split(Cell cell, long seed) {
        int labels = Integer.parseInt(cell.get("labels"));
        String validation = cell.factors().getOrDefault("validation", String.valueOf(scale.validation()));
        int wanted = Integer.parseInt(validation);
        DataSplit all = task.split(labels, Math.max(wanted, scale.validation()), scale.pool(), seed);
        if (wanted == all.validation().size()) {
            return all;
        }
        int[] part = Splits.stratified(all.validation().labels(), new int[] {wanted}, new Rng(seed).fork(3))[0];
        return new DataSplit(all.labelled(), all.pool(), new Subset(all.validation(), part), all.test());
    }

    /// The student's architecture in a cell.
    String student(Cell cell) {
        return cell.factors().getOrDefault("student", scale.student());
    }

    /// The method of a cell. `forward-known` is forward correction by the true matrix of a synthetic teacher.
    DistillationMethod method(Cell cell) {
        String text = cell.get("method");
        if (text.equals("forward-known")) {
            return SyntheticTeacher.forward(task.classes(), Double.parseDouble(cell.get("noise")));
        }
        return Methods.of("method", text, task.sites(scale.teacher()), task.sites(student(cell)));
    }

    /// Trains and judges a cell's student.
    Map<String, Double> run(Cell cell, long seed, CellRun run) throws IOException {
        PoolTrial trial = trial(cell, seed, run);
        if (cell.factors().containsKey("noise")) {
            Teacher synthetic = synthetic(cell, seed);
            Distilled student = trial.distil(synthetic, method(cell), student(cell));
            Map<String, Double> metrics = new LinkedHashMap<>();
            metrics.put("accuracy", student.predict(task.test()).accuracy());
            return metrics;
        }
        Layer teacher = trial.teacher();
        Distilled student = trial.distil(trial.cached(teacher), method(cell), student(cell));
        return trial.judge(student, teacher);
    }

    SyntheticTeacher synthetic(Cell cell, long seed) {
        double rate = Double.parseDouble(cell.get("noise"));
        return new SyntheticTeacher(task.train(), task.classes(), rate, SHORT_LIST, task.preparation(), seed);
    }
}
