package dev.retort.bench.model;

import dev.retort.distill.feature.Tap;

/// Where methods that look inside a network find its features.
public interface FeatureSites {
    /// Where a feature of middle depth is found.
    Tap middle();

    /// Where the last feature is found: what the classifier receives.
    Tap last();

    /// Whether the feature of middle depth is made of maps [B, C, H, W].
    default boolean hasMaps() {
        return false;
    }
}
