package dev.retort.distill.compare;

import java.util.List;

/// How much better one method was than another, seed by seed.
///
/// @param method      the one
/// @param baseline    the other
/// @param differences accuracy of the one minus accuracy of the other, in the order of the seeds
/// @param mean        of the differences
/// @param error       standard error of the mean; 0 for one seed
/// @param wins        seeds where the one was strictly better
public record PairedDifference(
        String method, String baseline, List<Double> differences, double mean, double error, int wins) {
    static PairedDifference of(String method, String baseline, List<Double> differences) {
        int wins = (int) differences.stream().filter(d -> d > 0).count();
        double error = differences.isEmpty() ? 0 : Summary.sd(differences) / Math.sqrt(differences.size());
        return new PairedDifference(method, baseline, differences, Summary.mean(differences), error, wins);
    }
}
