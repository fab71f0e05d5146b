/// `retort bench gpu`: everything that is worth measuring on a card, in one go, beside PyTorch on the same card.
@NullMarked
package dev.retort.bench.gpu;

import org.jspecify.annotations.NullMarked;
