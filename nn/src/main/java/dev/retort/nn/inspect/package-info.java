/// What a model is made of and what it costs.
@NullMarked
package dev.retort.nn.inspect;

import org.jspecify.annotations.NullMarked;
