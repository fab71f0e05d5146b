/// Depthwise convolutions: each plane is filtered by itself. [DepthwiseRows] takes 3 x 3 at stride 1, [DepthwiseHalf],
/// where vectors are long, kernels that halve a plane, [DepthwiseTwos], [TwosInputGrad] and [TwosWeightGrad] those
/// where
/// they are short, [DepthwiseWindow] all others.
@NullMarked
package dev.retort.tensor.cpu.simd.depthwise;

import org.jspecify.annotations.NullMarked;
