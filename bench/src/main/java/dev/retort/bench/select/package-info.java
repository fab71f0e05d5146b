/// `retort select` and `retort active`: choosing what to ask a teacher, and asking it in rounds.
@NullMarked
package dev.retort.bench.select;

import org.jspecify.annotations.NullMarked;
