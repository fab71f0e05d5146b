/// Loops over contiguous ranges: element-wise functions and their gradients, sums, normalisation and softmax of rows,
/// optimiser steps. Every loop is written out, since a vector that crosses a method of ours may become an object.
@NullMarked
package dev.retort.tensor.cpu.simd.loops;

import org.jspecify.annotations.NullMarked;
