/// Scaled dot-product attention: [Attention] and [AttentionGrad] in tiles, [AttentionDecode] for few queries.
@NullMarked
package dev.retort.tensor.cpu.simd.attention;

import org.jspecify.annotations.NullMarked;
