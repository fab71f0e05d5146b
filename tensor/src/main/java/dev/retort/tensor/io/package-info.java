/// File formats: safetensors, NumPy's npy and npz, strict JSON, and files that appear whole or not at
/// all.
@NullMarked
package dev.retort.tensor.io;

import org.jspecify.annotations.NullMarked;
