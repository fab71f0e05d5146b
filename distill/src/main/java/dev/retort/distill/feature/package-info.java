/// Tensors taken from inside a network by the path of a module.
@NullMarked
package dev.retort.distill.feature;

import org.jspecify.annotations.NullMarked;
