package dev.retort.distill.method;

import dev.retort.distill.Setup;
import dev.retort.distill.feature.Tap;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import java.util.Map;

/// Setups for tests of losses on features.
final class FeatureSetup {
    private FeatureSetup() {}

    /// One tap in each network.
    static Setup of(Tap tap, Shape student, Shape teacher) {
        return of(Map.of(tap, student), Map.of(tap, teacher));
    }

    static Setup of(Map<Tap, Shape> student, Map<Tap, Shape> teacher) {
        return new Setup(student, teacher, 2, new long[2], null, null, new long[0], new Rng(3));
    }
}
