/// What another module can plug into the tensor module: a recorder of gradients, and compute backends.
@NullMarked
package dev.retort.tensor.spi;

import org.jspecify.annotations.NullMarked;
