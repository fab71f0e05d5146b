/// The reference kernels: plain float64 loops that define the mathematics of every op, written to be
/// read.
@NullMarked
package dev.retort.tensor.cpu.reference;

import org.jspecify.annotations.NullMarked;
