package dev.retort.nn.inference;

import dev.retort.tensor.op.Op;

/// One op of a program: values are numbered, inputs before outputs.
///
/// @param path of the module that ran it
record Step(Op op, int[] inputs, int[] outputs, String path) {}
