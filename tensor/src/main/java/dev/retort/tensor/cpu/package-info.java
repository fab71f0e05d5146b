/// The CPU backend: chooses between the float64 reference kernels and the float32 fast path.
@NullMarked
package dev.retort.tensor.cpu;

import org.jspecify.annotations.NullMarked;
