package dev.retort.distill.active;

import dev.retort.distill.Distilled;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The result of active distillation.
///
/// @param rounds          every round, the one before the first question included
/// @param teacherAccuracy the teacher's share of right labels on the validation set; NaN without one
public record ActiveResult(List<Round> rounds, double teacherAccuracy) {
    /// A fixed list.
    public ActiveResult {
        rounds = List.copyOf(rounds);
    }

    /// The student of the last round.
    public Distilled student() {
        return rounds.getLast().student();
    }

    /// Everything that was asked.
    public Bill bill() {
        return rounds.getLast().bill();
    }

    /// All samples asked about, as positions in the pool, in the order of the rounds.
    public int[] queried() {
        List<int[]> all = new ArrayList<>();
        for (Round round : rounds) {
            if (round.chosen() != null) {
                all.add(round.chosen().indices());
            }
        }
        return all.stream().flatMapToInt(Arrays::stream).toArray();
    }

    /// Test accuracies by round.
    public List<Double> accuracies() {
        return rounds.stream().map(Round::accuracy).toList();
    }
}
