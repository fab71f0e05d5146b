/// The op family: sealed records that say what is computed; everything else interprets them.
@NullMarked
package dev.retort.tensor.op;

import org.jspecify.annotations.NullMarked;
