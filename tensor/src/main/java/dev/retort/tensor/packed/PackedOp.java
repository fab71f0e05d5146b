package dev.retort.tensor.packed;

import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.CustomOp;
import dev.retort.tensor.op.NonDifferentiable;

/// An op on the CPU that holds constant operands in the form that its kernel reads.
///
/// Results on images have the channels of a pixel together (NHWC in memory; the shape stays `[N, C, H, W]`).
///
/// No gradient flows through it. It writes to the planned buffer of the running program, if there is one.
public sealed interface PackedOp extends CustomOp, NonDifferentiable
        permits PackedConv2d, ChannelsLastMaxPool2d, PackedLinear {
    /// @throws IllegalStateException always: the op is never recorded
    @Override
    default Tensor[] vjp(Tensor[] inputs, Tensor[] outputs, Tensor[] gradOutputs) {
        throw new IllegalStateException(name() + ": has no gradient, it is for answering only");
    }
}
