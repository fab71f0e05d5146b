/// Layers for inference on images whose channels lie together, with weights that were packed once: [PixelConv],
/// [PixelWinograd] and [PixelPool], of which results leave with bias, shortcut and ReLU ([PixelRows]).
@NullMarked
package dev.retort.tensor.cpu.simd.pixels;

import org.jspecify.annotations.NullMarked;
