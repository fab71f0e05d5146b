/// The measuring process: the same work by Retort and by native libraries in one JVM, timed
/// alternately.
@NullMarked
package dev.retort.bench.peers.duel;

import org.jspecify.annotations.NullMarked;
