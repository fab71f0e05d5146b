/// F32 kernels written with the Vector API: the one package that imports `jdk.incubator.vector`.
@NullMarked
package dev.retort.tensor.cpu.simd;

import org.jspecify.annotations.NullMarked;
