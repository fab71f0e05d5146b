/// Losses as functions from tensors to a sum and a count.
@NullMarked
package dev.retort.nn.loss;

import org.jspecify.annotations.NullMarked;
