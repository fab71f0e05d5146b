/// Optimisers, learning-rate schedules, clipping and weight averages.
@NullMarked
package dev.retort.nn.optim;

import org.jspecify.annotations.NullMarked;
