package dev.retort.bench.reproduce.papers;

import dev.retort.distill.DistillationMethod;
import dev.retort.distill.Distilled;
import dev.retort.distill.compare.DataSplit;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.distill.method.LabelsOnly;
import dev.retort.distill.select.Candidates;
import dev.retort.distill.select.MostUncertain;
import dev.retort.distill.select.Rad;
import dev.retort.distill.select.Selection;
import dev.retort.distill.select.Selector;
import dev.retort.distill.select.Uncertainty;
import dev.retort.distill.select.Uniform;
import dev.retort.nn.Layer;
import dev.retort.nn.data.Subset;
import dev.retort.tensor.Rng;
import java.io.IOException;
import java.util.Map;

/// Distillation from a part of the pool: a student trained on the labelled images is uncertain about some,
/// and the teacher is asked about those.
///
/// @param trial the whole pool
/// @param scale how long everybody is trained
record SelectedPool(PoolTrial trial, Scale scale) {
    private static Selector selector(String name) {
        return switch (name) {
            case "uniform" -> new Uniform();
            case "margin" -> new MostUncertain(Uncertainty.MARGIN);
            case "rad" -> new Rad();
            default -> throw new IllegalArgumentException("selector: expected uniform, margin or rad, got " + name);
        };
    }

    /// Accuracy, and the share of wrong labels among those asked for.
    Map<String, Double> run(String selector, int budget, DistillationMethod method, long seed) throws IOException {
        Layer network = trial.teacher();
        DataSplit data = trial.data();
        Distilled first = trial.first(new LabelsOnly());
        Predictions judged = trial.predictions(network, data.validation());
        Candidates pool = Candidates.ofLogits(first.logits(data.pool())).withTeacherAccuracy(judged.accuracy());
        Selection chosen = selector(selector).select(pool, budget, new Rng(seed).fork(11));
        int[] picks = chosen.picks().stream().mapToInt(Selection.Pick::index).toArray();
        Subset asked = new Subset(data.pool(), picks);
        PoolTrial part = trial.with(new DataSplit(data.labelled(), asked, data.validation(), data.test()));
        Distilled student = part.distil(part.cached(network), method);
        Map<String, Double> metrics = part.judge(student, network);
        Confidence said = trial.predictions(network, asked).confidence();
        int wrong = 0;
        for (int i = 0; i < asked.size(); i++) {
            wrong += said.top(i) != asked.label(i) ? 1 : 0;
        }
        metrics.put("wrong_labels", (double) wrong / asked.size());
        return metrics;
    }
}
