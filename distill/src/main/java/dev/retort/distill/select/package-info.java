/// Which samples of a pool to ask a teacher about: robust active distillation and its rivals.
@NullMarked
package dev.retort.distill.select;

import org.jspecify.annotations.NullMarked;
