/// `retort reproduce laurel`: residual connections compared on a small language model and a small ResNet.
@NullMarked
package dev.retort.bench.reproduce.laurel;

import org.jspecify.annotations.NullMarked;
