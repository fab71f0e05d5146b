/// `retort reproduce rad`: robust active distillation against other selectors, over budgets and teachers.
@NullMarked
package dev.retort.bench.reproduce.rad;

import org.jspecify.annotations.NullMarked;
