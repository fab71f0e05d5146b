package dev.retort.bench.reproduce.laurel;

import org.jspecify.annotations.Nullable;

/// The figures of the paper for a model of ours (Menghani, Kumar and Kumar, ICML 2025, arXiv 2411.07501).
///
/// @param loss     Table 5: test loss of a language model of some 157 million parameters
/// @param step     Table 5: seconds of a step
/// @param memory   Table 5: peak memory in GB
/// @param accuracy Table 1: top-1 of ResNet-50 on ImageNet in per cent
record Paper(double loss, double step, double memory, double accuracy) {
    /// The row of the plain model.
    static final Paper PLAIN = new Paper(3.0159, 0.095, 11.65, 74.95);

    /// The paper's row for a model, or null; ranks differ from ours. NaN where it has no figure.
    static @Nullable Paper of(String model) {
        int colon = model.indexOf(':');
        return switch (colon < 0 ? model : model.substring(0, colon)) {
            case "plain" -> PLAIN;
            case Task.DEEPER -> new Paper(2.9963, 0.105, 13.23, 75.20);
            case "laurel-rw" -> new Paper(2.9557, 0.095, 11.93, 75.10);
            case "laurel-lr" -> new Paper(2.9624, 0.098, 12.29, Double.NaN);
            case "laurel-pa" -> new Paper(2.9512, 0.100, 12.55, Double.NaN);
            case "laurel-rw+lr" -> new Paper(2.9531, 0.099, 12.57, 75.20);
            case "laurel-rw+lr+pa" -> new Paper(2.9499, 0.104, 12.90, 75.25);
            default -> null;
        };
    }
}
