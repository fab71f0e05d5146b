/// Initial values of parameters.
@NullMarked
package dev.retort.nn.init;

import org.jspecify.annotations.NullMarked;
