package dev.retort.bench.distill;

import dev.retort.bench.report.Statistics;
import java.util.List;
import java.util.Map;

/// What a comparison found, ready to be printed, plotted or written as JSON.
///
/// @param teacher     the teacher, one entry a seed
/// @param methods     the students, in the order of the methods asked for
/// @param calibration how often the teacher of the first seed is right, by its margin
/// @param gallery     test images of the first seed on which the students disagree
/// @param provenance  data, splits, models, seeds, versions, machine
public record Results(
        TeacherResult teacher,
        List<MethodResult> methods,
        List<MarginBin> calibration,
        List<Disagreement> gallery,
        Map<String, Object> provenance) {
    /// The teacher over the seeds.
    ///
    /// @param model           as the command line writes it
    /// @param accuracies      test accuracy of each seed, in [0, 1]
    /// @param parameters      trained numbers
    /// @param bytes           size of the weights
    /// @param imagesPerSecond at inference, batches of 256
    public record TeacherResult(
            String model, List<Double> accuracies, long parameters, long bytes, double imagesPerSecond) {
        /// Mean over the seeds.
        public double accuracyMean() {
            return Statistics.mean(accuracies);
        }
    }

    /// A method's students over the seeds.
    ///
    /// @param name            the method
    /// @param accuracies      test accuracy of each seed, in [0, 1]
    /// @param agreements      share of test images on which student and teacher say the same, each seed
    /// @param curves          validation accuracy after each epoch, each seed
    /// @param terms           by loss term, its mean over each epoch (without its weight), each seed
    /// @param parameters      trained numbers of the student
    /// @param bytes           size of its weights
    /// @param imagesPerSecond at inference, batches of 256
    /// @param seconds         training time of each seed
    public record MethodResult(
            String name,
            List<Double> accuracies,
            List<Double> agreements,
            List<List<Double>> curves,
            Map<String, List<List<Double>>> terms,
            long parameters,
            long bytes,
            double imagesPerSecond,
            List<Double> seconds) {
        /// Mean over the seeds.
        public double accuracyMean() {
            return Statistics.mean(accuracies);
        }

        /// Standard deviation over the seeds.
        public double accuracySd() {
            return Statistics.sd(accuracies);
        }
    }

    /// Validation images whose teacher margin falls into one range.
    ///
    /// @param margin    mean difference of the two largest probabilities
    /// @param accuracy  share that the teacher got right
    /// @param estimate  what isotonic regression makes of it
    /// @param count     number of images
    public record MarginBin(double margin, double accuracy, double estimate, int count) {}

    /// One test image and what everybody said.
    ///
    /// @param picture    PNG data URI
    /// @param truth      its class
    /// @param teacher    the teacher's class
    /// @param said       class by method
    public record Disagreement(String picture, String truth, String teacher, Map<String, String> said) {}

    /// The method with the highest mean accuracy.
    public MethodResult best() {
        return methods.stream()
                .reduce((a, b) -> b.accuracyMean() > a.accuracyMean() ? b : a)
                .orElseThrow();
    }
}
