/// Reverse-mode differentiation: recording, `backward`, `grad` of any order, checkpointing, gradient
/// checks.
@NullMarked
package dev.retort.autograd;

import org.jspecify.annotations.NullMarked;
