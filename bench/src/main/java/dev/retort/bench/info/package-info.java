/// What this machine offers, and how fast Retort is on it.
@NullMarked
package dev.retort.bench.info;

import org.jspecify.annotations.NullMarked;
