/// JMH benchmarks, and the command that runs them. Each one checks its result before it is timed.
@NullMarked
package dev.retort.bench.jmh;

import org.jspecify.annotations.NullMarked;
