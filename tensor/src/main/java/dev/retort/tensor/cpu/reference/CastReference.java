package dev.retort.tensor.cpu.reference;

import dev.retort.tensor.HostStorage;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.TensorType;
import dev.retort.tensor.op.CastOp;

/// Reference kernels of [CastOp].
final class CastReference {
    private CastReference() {}

    static Tensor[] run(CastOp op, Tensor[] in, TensorType[] out) {
        return switch (op) {
            case CastOp.Cast cast -> new Tensor[] {cast(in[0], out[0])};
            case CastOp.ToDevice to ->
                throw new IllegalStateException(to.name() + ": the engine copies between devices");
        };
    }

    /// Integers and truth values through `long`, floating values through `double`: one rounding, no lost
    /// integer bit.
    static Tensor cast(Tensor x, TensorType type) {
        if (x.dtype() == type.dtype()) {
            return Moves.copy(x);
        }
        HostStorage from = Elements.rowMajor(x);
        HostStorage to = HostStorage.allocate(type.dtype(), from.size());
        if (x.dtype().isFloating()) {
            for (int i = 0; i < to.size(); i++) {
                to.setDouble(i, from.getDouble(i));
            }
        } else {
            for (int i = 0; i < to.size(); i++) {
                to.setLong(i, from.getLong(i));
            }
        }
        return Moves.whole(to, type.shape());
    }
}
