/// Ops whose constant operands were brought into the kernels' own form beforehand, for programs that only answer.
@NullMarked
package dev.retort.tensor.packed;

import org.jspecify.annotations.NullMarked;
