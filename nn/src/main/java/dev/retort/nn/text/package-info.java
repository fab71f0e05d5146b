/// Tokenizers, their files and training, and data sets of text.
@NullMarked
package dev.retort.nn.text;

import org.jspecify.annotations.NullMarked;
