/// What all kinds of convolution share: sizes and taps, planes with zeros around them, planes turned into vectors of
/// channels, and the way infinities and NaN take.
@NullMarked
package dev.retort.tensor.cpu.simd.planes;

import org.jspecify.annotations.NullMarked;
