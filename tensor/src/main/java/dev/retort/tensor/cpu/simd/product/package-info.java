/// Matrix products, `C = F + A B`. [Gemm] chooses by size and by the registers of the machine:
///
/// | product | way | register tile |
/// | --- | --- | --- |
/// | one row or column | [Gemv] | |
/// | few rows, contiguous columns of B | [FewRows] | dot products |
/// | 10 to 128 rows, B large with contiguous columns | [WeightRowsProduct] | [InPlaceKernel], [WideKernel] |
/// | small, rows of A contiguous | [SmallProduct] | [InPlaceKernel], [WideKernel] |
/// | large, 32 registers of 512 bits | [TallProduct] | [TallKernel], 12 x 2 vectors |
/// | large, 16 registers | [FencedProduct] | [FencedKernel], 6 x 2 vectors |
/// | few columns, rows of A contiguous | [InPlaceProduct] | [InPlaceKernel], [WideKernel] |
/// | any other | [PackedProduct] | [GemmKernel] |
/// | weights of bytes or bfloat16 | [NarrowProduct] | [NarrowDot] |
@NullMarked
package dev.retort.tensor.cpu.simd.product;

import org.jspecify.annotations.NullMarked;
