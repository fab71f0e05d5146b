/// Comparisons with values that PyTorch computed.
@NullMarked
package dev.retort.tensor.golden;

import org.jspecify.annotations.NullMarked;
