/// ONNX Runtime beside Retort: files from elsewhere as teachers.
@NullMarked
package dev.retort.bench.onnxruntime;

import org.jspecify.annotations.NullMarked;
