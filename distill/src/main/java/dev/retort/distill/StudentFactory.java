package dev.retort.distill;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;

/// Makes students of one architecture; the generator decides the initial weights.
@FunctionalInterface
public interface StudentFactory {
    /// A new student. Equal seeds give equal weights.
    Layer create(Rng rng);
}
