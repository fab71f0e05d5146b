/// Residual connections: how a block's output joins the stream.
@NullMarked
package dev.retort.nn.residual;

import org.jspecify.annotations.NullMarked;
