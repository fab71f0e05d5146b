/// The theory behind label mixing, as code that can be run: halfspaces with a margin under label noise.
@NullMarked
package dev.retort.distill.theory;

import org.jspecify.annotations.NullMarked;
