package dev.retort.distill.compare;

import dev.retort.distill.EpochReport;
import dev.retort.distill.estimate.TeacherAccuracy;
import dev.retort.distill.evaluate.Calibration;
import dev.retort.distill.evaluate.Predictions;
import dev.retort.nn.Layer;
import java.util.List;

/// The teacher of one seed, and how far it can be trusted.
///
/// @param seed               of split and training
/// @param network            in evaluation mode
/// @param reports            every epoch
/// @param accuracy           on the test set
/// @param validationAccuracy on the validation set
/// @param calibrationError   expected calibration error on the validation set, 15 bins
/// @param margins            accuracy by margin on the validation set, 10 bins
/// @param byMargin           isotonic estimate of the accuracy by margin, from the validation set,
///                           without a lower bound
/// @param test               predictions for the test set
public record TeacherRun(
        long seed,
        Layer network,
        List<EpochReport> reports,
        double accuracy,
        double validationAccuracy,
        double calibrationError,
        Calibration margins,
        TeacherAccuracy byMargin,
        Predictions test) {}
