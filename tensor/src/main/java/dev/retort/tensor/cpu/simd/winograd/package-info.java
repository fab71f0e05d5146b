/// Winograd's minimal filtering for 3 x 3 kernels at stride 1: fewer multiplications on transformed tiles.
/// [Winograd] is the forward pass and the input gradient, [WinogradWeightGrad] the weight gradient; many channels and
/// few pixels go by [WinogradByFilters] and [WinogradWideGrad], few channels by [WinogradTileLanes]. Strided
/// layers go by the phases of the stride: stems by [WinogradStrided] and [StridedTileLanes], 3 x 3 by
/// [WinogradHalving] and [WinogradHalvingGrad].
@NullMarked
package dev.retort.tensor.cpu.simd.winograd;

import org.jspecify.annotations.NullMarked;
