package dev.retort.nn.inference;

import dev.retort.tensor.op.Op;

/// One op of a program: values are numbered, inputs before outputs.
record Step(Op op, int[] inputs, int[] outputs) {}
