package dev.retort.distill;

import dev.retort.nn.StateValues;
import dev.retort.nn.Stateful;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The reports of a stage, and the sums and counts of the epoch that is under way.
final class RunLog implements Stateful {
    private static final int FIXED = 5;

    private final String stage;
    private final List<Term> terms;
    private final double[] sums;
    private final double[] counts;
    private final List<EpochReport> reports = new ArrayList<>();

    RunLog(String stage, List<Term> terms) {
        this.stage = stage;
        this.terms = terms;
        sums = new double[terms.size()];
        counts = new double[terms.size()];
    }

    void add(int term, double sum, double count) {
        sums[term] += sum;
        counts[term] += count;
    }

    /// Ends the epoch.
    EpochReport close(int epoch, long step, double accuracy, double lr) {
        Map<String, Double> means = new LinkedHashMap<>();
        double loss = 0;
        for (int t = 0; t < sums.length; t++) {
            double mean = counts[t] == 0 ? 0 : sums[t] / counts[t];
            means.put(terms.get(t).name(), mean);
            loss += terms.get(t).weight(epoch) * mean;
            sums[t] = 0;
            counts[t] = 0;
        }
        EpochReport report = new EpochReport(stage, epoch, step, loss, means, accuracy, lr);
        reports.add(report);
        return report;
    }

    List<EpochReport> reports() {
        return List.copyOf(reports);
    }

    @Override
    public Map<String, Tensor> stateDict() {
        int width = FIXED + terms.size();
        double[] table = new double[reports.size() * width];
        for (int i = 0; i < reports.size(); i++) {
            EpochReport report = reports.get(i);
            int at = i * width;
            table[at] = report.epoch();
            table[at + 1] = report.step();
            table[at + 2] = report.loss();
            table[at + 3] = report.accuracy();
            table[at + 4] = report.lr();
            for (int t = 0; t < terms.size(); t++) {
                table[at + FIXED + t] = report.terms().getOrDefault(terms.get(t).name(), 0.0);
            }
        }
        Map<String, Tensor> state = new LinkedHashMap<>();
        state.put("reports", Tensor.wrap(DType.F64, table, reports.size(), width));
        state.put("sums", Tensor.of(sums));
        state.put("counts", Tensor.of(counts));
        return state;
    }

    @Override
    public void loadStateDict(Map<String, Tensor> state) {
        StateValues.expect("log", state, Set.of("reports", "sums", "counts"));
        read(state, "sums", sums);
        read(state, "counts", counts);
        double[] table = find(state, "reports");
        int width = FIXED + terms.size();
        reports.clear();
        for (int at = 0; at + width <= table.length; at += width) {
            Map<String, Double> means = new LinkedHashMap<>();
            for (int t = 0; t < terms.size(); t++) {
                means.put(terms.get(t).name(), table[at + FIXED + t]);
            }
            reports.add(new EpochReport(
                    stage, (int) table[at], (long) table[at + 1], table[at + 2], means, table[at + 3], table[at + 4]));
        }
    }

    private static double[] find(Map<String, Tensor> state, String name) {
        Tensor found = state.get(name);
        return found == null ? new double[0] : found.toDoubles();
    }

    private static void read(Map<String, Tensor> state, String name, double[] into) {
        double[] values = find(state, name);
        if (values.length != into.length) {
            throw new IllegalArgumentException(
                    "loadStateDict: the log expects " + into.length + " " + name + ", got " + values.length);
        }
        System.arraycopy(values, 0, into, 0, into.length);
    }
}
