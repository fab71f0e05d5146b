/// Convolutions and the choice between all kinds of them, [Conv2d]. In order, the first that suits:
///
/// | pass | way |
/// | --- | --- |
/// | any, 3 x 3 at stride 1 | package `winograd` |
/// | forward and weight gradient, 7 x 7 or 8 x 8 at stride 2, few channels | package `winograd` |
/// | any, one channel to a group | package `depthwise` |
/// | forward; input gradient at stride 1 (each is a [Sweep]) | [PhaseConv] for few channels, else [PatchGemm] |
/// | input gradient, strided | [StridedGrad] |
/// | weight gradient | [PointwiseWeightGrad] for 1 x 1, [TallWeightGrad], [FilterLanes], else [ConvWeightGrad] |
@NullMarked
package dev.retort.tensor.cpu.simd.conv;

import org.jspecify.annotations.NullMarked;
