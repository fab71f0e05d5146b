/// The gradient of every op: one file per op family, one line per derivative.
@NullMarked
package dev.retort.autograd.vjp;

import org.jspecify.annotations.NullMarked;
