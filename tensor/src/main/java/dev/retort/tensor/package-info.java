/// Tensors: shapes, dtypes, strided views, and the methods that build ops and run them.
@NullMarked
package dev.retort.tensor;

import org.jspecify.annotations.NullMarked;
