/// `retort bench peers`: Retort and native libraries, timed alternately; what is timed lives in the
/// optional module `bench/peers`, which alone needs those libraries.
@NullMarked
package dev.retort.bench.peers;

import org.jspecify.annotations.NullMarked;
