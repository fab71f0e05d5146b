/// The float32 fast path: which kernel of plain loops or of the Vector API computes which op.
@NullMarked
package dev.retort.tensor.cpu.fast;

import org.jspecify.annotations.NullMarked;
