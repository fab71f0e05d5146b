/// Active distillation: a teacher is asked in rounds, about samples that a selector chooses.
@NullMarked
package dev.retort.distill.active;

import org.jspecify.annotations.NullMarked;
