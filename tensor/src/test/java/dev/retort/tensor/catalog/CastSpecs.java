package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Device;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.CastOp;
import java.util.ArrayList;
import java.util.List;

/// Specs of [CastOp].
final class CastSpecs {
    private CastSpecs() {}

    static List<OpSpec> all() {
        List<OpSpec> specs = new ArrayList<>();
        for (DType dtype : DType.values()) {
            CastOp op = new CastOp.Cast(dtype);
            OpSpec spec = OpSpec.of(CastOp.Cast.class, dtype.name())
                    .sample("matrix", op, () -> in(Data.uniform(1, 0, 90, 3, 5)))
                    .method(x -> x[0].to(dtype))
                    .special("empty", op, () -> in(Data.values(1, 0, 2)))
                    .special("from I64", op, () -> in(Tensor.of(new long[] {0, 1, 100, (1L << 53) + 1, -7})))
                    .special("from U8", op, () -> in(Data.integers(1, DType.U8, 0, 256, 9)))
                    .special("from truth values", op, () -> in(Data.bools(1, 6)))
                    .special("from I32", op, () -> in(Tensor.of(new int[] {Integer.MIN_VALUE, 255, 256, -1})))
                    .error("two inputs", "expects 1 inputs", op, () -> in(Data.of(1), Data.of(2)));
            if (dtype.isFloating()) {
                spec.special("awkward values", op, () -> in(Data.awkward()));
            } else {
                spec.special("awkward values", op, () -> in(Data.of(0.9, -0.9, 2.5, -2.5, 0, -0.0, 1e-30)));
            }
            // Only to F64 is exact enough for differences.
            specs.add(dtype == DType.F64 ? spec : spec.noGradientCheck());
        }
        specs.add(OpSpec.of(CastOp.ToDevice.class)
                .sample("host to host", new CastOp.ToDevice(Device.CPU), () -> in(Data.values(1, 3, 5)))
                .noGradientCheck()
                .error("no such device", "not available", () -> Data.of(1).to(new Device("abacus", 0))));
        return specs;
    }
}
