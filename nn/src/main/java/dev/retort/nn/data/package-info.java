/// Data sets, batches, augmentation and splits.
@NullMarked
package dev.retort.nn.data;

import org.jspecify.annotations.NullMarked;
