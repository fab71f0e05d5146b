/// Layers; defaults, names of parameters and initial distributions are PyTorch's.
@NullMarked
package dev.retort.nn.layer;

import org.jspecify.annotations.NullMarked;
