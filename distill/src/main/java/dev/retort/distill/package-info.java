/// Distillation of a teacher into a student: methods as data, one training loop for all of them.
@NullMarked
package dev.retort.distill;

import org.jspecify.annotations.NullMarked;
