/// Views through which a layer reads a stored parameter.
@NullMarked
package dev.retort.nn.parametrize;

import org.jspecify.annotations.NullMarked;
