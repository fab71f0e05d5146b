package dev.retort.bench.distill;

import dev.retort.distill.estimate.TeacherAccuracy;
import dev.retort.distill.evaluate.Predictions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// How the teacher's accuracy goes with its margin, in groups of equal size.
final class MarginBins {
    private static final int GROUPS = 10;

    private MarginBins() {}

    static List<Results.MarginBin> of(Predictions judged, TeacherAccuracy byMargin) {
        int size = judged.size();
        double[] margins = judged.confidence().margins();
        double[] right = new double[size];
        for (int i = 0; i < size; i++) {
            right[i] = judged.isCorrect(i) ? 1 : 0;
        }
        int[] order = IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> margins[i]))
                .mapToInt(Integer::intValue)
                .toArray();
        int groups = Math.min(GROUPS, size);
        List<Results.MarginBin> bins = new ArrayList<>();
        for (int g = 0; g < groups; g++) {
            int from = g * size / groups;
            int to = (g + 1) * size / groups;
            double margin = 0;
            double accuracy = 0;
            double estimate = 0;
            for (int i = from; i < to; i++) {
                margin += margins[order[i]];
                accuracy += right[order[i]];
                estimate += byMargin.at(margins[order[i]]);
            }
            int count = to - from;
            bins.add(new Results.MarginBin(margin / count, accuracy / count, estimate / count, count));
        }
        return bins;
    }
}
