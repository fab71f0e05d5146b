/// Networks made of layers.
@NullMarked
package dev.retort.nn.models;

import org.jspecify.annotations.NullMarked;
