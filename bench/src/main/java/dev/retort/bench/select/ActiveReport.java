package dev.retort.bench.select;

import dev.retort.bench.report.Csv;
import dev.retort.distill.active.ActiveResult;
import dev.retort.distill.active.Bill;
import dev.retort.distill.active.Round;
import dev.retort.distill.estimate.Confidence;
import dev.retort.distill.remote.PaidTeacher;
import dev.retort.distill.remote.Spending;
import dev.retort.distill.select.RobustGame;
import dev.retort.distill.select.Selection;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/// What came out of `retort active`.
///
/// @param options    what was asked for
/// @param result     what came out
/// @param paid       the service that was asked, or null
/// @param pool       positions of the pool in the training images
/// @param provenance data, options, versions, machine
record ActiveReport(
        ActiveOptions options,
        ActiveResult result,
        @Nullable PaidTeacher paid,
        int[] pool,
        Map<String, Object> provenance) {
    String table() {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "\nselector %s, method %s, teacher right on %.1f %% of the validation images\n\n",
                options.selector,
                options.method,
                100 * result.teacherAccuracy()));
        text.append("round  asked  certain gain  student       cost\n");
        result.rounds().forEach(round -> text.append(line(round)));
        Bill bill = result.bill();
        text.append(String.format(
                Locale.ROOT,
                "\n%d answers bought: %d to judge the teacher, %d for their labels.\n",
                bill.rows(),
                bill.validation(),
                bill.pool()));
        PaidTeacher service = paid;
        if (service != null) {
            Spending spent = service.spending();
            text.append(String.format(
                    Locale.ROOT,
                    "The journal counts %d answers in %d requests as paid, %s %s, %d of them unanswered.\n",
                    spent.rows(),
                    spent.requests(),
                    spent.amount().toPlainString(),
                    options.currency,
                    spent.unsure()));
        }
        return text.toString();
    }

    private String line(Round round) {
        Selection chosen = round.chosen();
        RobustGame.Equilibrium game = chosen == null ? null : chosen.game();
        return String.format(
                Locale.ROOT,
                "%5d %6d %13s %7.2f %% %8s %s\n",
                round.number(),
                round.bill().pool(),
                game == null ? "" : String.format(Locale.ROOT, "%.1f", game.value()),
                100 * round.accuracy(),
                round.bill().amount().toPlainString(),
                options.currency);
    }

    String csv() {
        Csv file = new Csv(List.of("round", "index", "probability", "score", "label", "confidence"));
        for (Round round : result.rounds()) {
            Selection chosen = round.chosen();
            Tensor answers = round.answers();
            if (chosen == null || answers == null) {
                continue;
            }
            Confidence said = Confidence.ofLogits(answers);
            int row = 0;
            for (Selection.Pick pick : chosen.picks()) {
                int label = said.top(row);
                file.row(
                        round.number(),
                        pool[pick.index()],
                        number(pick.probability()),
                        number(pick.score()),
                        label,
                        number(said.probability(row, label)));
                row++;
            }
        }
        return file.toString();
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.6g", value);
    }

    String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("selector", options.selector);
        all.put("method", options.method);
        all.put("teacher_accuracy", finite(result.teacherAccuracy()));
        List<Map<String, Object>> rounds = new ArrayList<>();
        for (Round round : result.rounds()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("round", round.number());
            one.put("asked", round.bill().pool());
            one.put("accuracy", finite(round.accuracy()));
            one.put("cost", round.bill().amount());
            Selection chosen = round.chosen();
            RobustGame.Equilibrium game = chosen == null ? null : chosen.game();
            one.put("worst_case_gain", game == null ? null : game.value());
            rounds.add(one);
        }
        all.put("rounds", rounds);
        all.put("currency", options.currency);
        PaidTeacher service = paid;
        all.put("journal", service == null ? null : service.spending());
        all.put("provenance", provenance);
        return JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(all) + "\n";
    }

    private static @Nullable Double finite(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
