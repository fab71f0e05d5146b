package dev.retort.bench.select;

import dev.retort.bench.report.Csv;
import dev.retort.distill.select.RobustGame;
import dev.retort.distill.select.Selection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// A choice as text.
record SelectOutput(Selection chosen, SelectInputs inputs) {
    /// One line a chosen sample: position, probability, score, and why in words.
    String csv() {
        Csv file = new Csv(List.of("index", "probability", "score", "partner", "partner_weight", "reason"));
        for (Selection.Pick pick : chosen.picks()) {
            Selection.Blend blend = pick.blend();
            file.row(
                    inputs.positions()[pick.index()],
                    number(pick.probability()),
                    number(pick.score()),
                    blend == null ? "" : inputs.positions()[blend.partner()],
                    blend == null ? "" : number(blend.weight()),
                    reason(pick));
        }
        return file.toString();
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.6g", value);
    }

    private String reason(Selection.Pick pick) {
        if (chosen.score().equals("all")) {
            return "the budget covers the pool";
        }
        String drawn = Double.isNaN(pick.probability())
                ? "taken in turn"
                : pick.probability() >= 1
                        ? "certain"
                        : String.format(Locale.ROOT, "drawn with probability %.3f", pick.probability());
        return chosen.score().equals("none")
                ? drawn
                : String.format(Locale.ROOT, "%s %.4f; %s", chosen.score(), pick.score(), drawn);
    }

    String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("selector", chosen.selector());
        all.put("pool", inputs.candidates().size());
        all.put("chosen", chosen.size());
        double accuracy = inputs.candidates().teacherAccuracy();
        all.put("teacher_accuracy", Double.isNaN(accuracy) ? null : accuracy);
        RobustGame.Equilibrium game = chosen.game();
        if (game != null) {
            all.put("worst_case_gain", game.value());
            all.put("worst_case_bound", game.bound());
            all.put("support", game.support());
            all.put("capped", game.capped());
        }
        List<Map<String, Object>> picks = new ArrayList<>();
        for (Selection.Pick pick : chosen.picks()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("index", inputs.positions()[pick.index()]);
            one.put("probability", Double.isNaN(pick.probability()) ? null : pick.probability());
            one.put("score", Double.isNaN(pick.score()) ? null : pick.score());
            Selection.Blend blend = pick.blend();
            if (blend != null) {
                one.put("partner", inputs.positions()[blend.partner()]);
                one.put("partner_weight", blend.weight());
            }
            one.put("reason", reason(pick));
            picks.add(one);
        }
        all.put("picks", picks);
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
    }

    String summary() {
        RobustGame.Equilibrium game = chosen.game();
        String certain = game == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        "; whichever labels are wrong, a gain of %.2f is certain (no choice can promise more than %.2f)",
                        game.value(),
                        game.bound());
        return chosen.size() + " of " + inputs.candidates().size() + " samples chosen by " + chosen.selector()
                + certain;
    }
}
