/// Residual connections: how a branch's output joins the stream. [dev.retort.nn.residual.ResidualSpec]
/// lists all kinds.
@NullMarked
package dev.retort.nn.residual;

import org.jspecify.annotations.NullMarked;
