/// Modules, parameters and layers.
@NullMarked
package dev.retort.nn;

import org.jspecify.annotations.NullMarked;
