/// Depthwise convolutions: each plane is filtered by itself. [DepthwiseRows] takes 3 x 3 at stride 1; [DepthwiseHalf],
/// where vectors are long, and [DepthwiseTwos], where they are short, take kernels that halve a plane,
/// [TwosInputGrad] and [TwosWeightGrad] their gradients, [DepthwiseWindow] all others.
@NullMarked
package dev.retort.tensor.cpu.simd.depthwise;

import org.jspecify.annotations.NullMarked;
