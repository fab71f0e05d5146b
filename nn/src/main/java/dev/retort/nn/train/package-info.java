/// What an open training loop needs: progress, metrics, early stopping, checkpoints.
@NullMarked
package dev.retort.nn.train;

import org.jspecify.annotations.NullMarked;
