package dev.retort.tensor.op;

import static dev.retort.tensor.op.Check.one;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.TensorType;

/// Changes of element type or device.
public sealed interface CastOp extends Op {
    /// The same values as `dtype`: floating to nearest even, floating to integer towards zero, to `BOOL`
    /// by x ≠ 0. Differentiable between floating types.
    record Cast(DType dtype) implements CastOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return one(in[0].with(dtype));
        }
    }

    /// A copy on another device; made by the tensor module, never sent to a backend.
    record ToDevice(Device device) implements CastOp {
        @Override
        public TensorType[] infer(TensorType[] in) {
            Check.arity(this, in, 1);
            return one(in[0]);
        }
    }
}
