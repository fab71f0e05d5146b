/// `retort distill`: compares distillation methods on pictures, and reports who won.
@NullMarked
package dev.retort.bench.distill;

import org.jspecify.annotations.NullMarked;
