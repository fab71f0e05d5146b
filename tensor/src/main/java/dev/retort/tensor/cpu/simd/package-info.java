/// F32 kernels written with the Vector API: this package and those below it are the only ones that import
/// `jdk.incubator.vector`.
///
/// What is here serves all of them: the width of vectors ([Lanes]), work buffers ([Scratch]), transpositions and
/// copies. Each package below holds one family:
///
/// | package | what it computes | starts with |
/// | --- | --- | --- |
/// | `loops` | element-wise functions and their gradients, sums, norms and softmax over rows, optimiser steps | |
/// | `product` | matrix products of any size, also with narrow weights | `Gemm` |
/// | `planes` | what all convolutions share: sizes, taps, padded copies, infinities | |
/// | `conv` | convolutions with one or more taps, and the choice between all ways | `Conv2d` |
/// | `winograd` | 3 x 3 kernels at stride 1 | `Winograd` |
/// | `depthwise` | one channel to a group | `Depthwise` |
/// | `pixels` | convolutions with weights packed beforehand, channels last, for inference | `PixelConv` |
/// | `attention` | scaled dot-product attention in tiles | `Attention` |
@NullMarked
package dev.retort.tensor.cpu.simd;

import org.jspecify.annotations.NullMarked;
