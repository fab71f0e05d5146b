/// Transformers under the names of their public weights: decoders, encoders, encoder-decoders, vision.
@NullMarked
package dev.retort.nn.transformer;

import org.jspecify.annotations.NullMarked;
