/// Writing text with a decoder: greedy, sampled or by beam search, token by token.
@NullMarked
package dev.retort.nn.generate;

import org.jspecify.annotations.NullMarked;
