/// `retort reproduce slam`, `weighted` and `ood`: the distillation papers' questions, on pictures.
@NullMarked
package dev.retort.bench.reproduce.papers;

import org.jspecify.annotations.NullMarked;
