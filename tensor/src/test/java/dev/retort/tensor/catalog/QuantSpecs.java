package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.op.QuantOp;
import java.util.List;

/// Specs of [QuantOp]. Scales are powers of two where rounding must not depend on the precision.
final class QuantSpecs {
    private QuantSpecs() {}

    static List<OpSpec> all() {
        return List.of(quantize(), dequantize(), fakeQuantize(), quantizedLinear());
    }

    private static OpSpec quantize() {
        QuantOp signed = new QuantOp.Quantize(-128, 127, DType.I8);
        QuantOp unsigned = new QuantOp.Quantize(0, 15, DType.U8);
        return OpSpec.of(QuantOp.Quantize.class)
                .sample(
                        "whole tensor",
                        signed,
                        () -> in(
                                Data.values(1, 3, 5),
                                Data.of(0.03125).reshape(),
                                Data.of(3).reshape()))
                .sample(
                        "per channel",
                        unsigned,
                        () -> in(
                                Data.values(1, 2, 3, 2),
                                Data.of(0.125, 0.25, 0.5).reshape(3, 1),
                                Data.of(8, 0, 4).reshape(3, 1)))
                .special(
                        "ties to even, clamping",
                        signed,
                        () -> in(Data.of(0.5, 1.5, -0.5, -1.5, 1e9, -1e9), Data.of(1), Data.of(0)))
                .special("empty", signed, () -> in(Data.values(1, 0), Data.of(1), Data.of(0)))
                .large("large", signed, () -> in(Data.values(1, 70_001), Data.of(0.015625), Data.of(-5)))
                .error(
                        "range",
                        "range inside it",
                        new QuantOp.Quantize(-1, 255, DType.U8),
                        () -> in(Data.of(1), Data.of(1), Data.of(0)))
                .error(
                        "dtype",
                        "dtype I8 or U8",
                        new QuantOp.Quantize(0, 9, DType.I32),
                        () -> in(Data.of(1), Data.of(1), Data.of(0)))
                .error(
                        "scale shape",
                        "scale and zero point that broadcast",
                        signed,
                        () -> in(Data.of(1), Data.of(1, 2), Data.of(0)));
    }

    private static OpSpec dequantize() {
        QuantOp op = new QuantOp.Dequantize();
        return OpSpec.of(QuantOp.Dequantize.class)
                .sample("signed", op, () -> in(Data.integers(1, DType.I8, -128, 128, 3, 5), Data.of(0.1), Data.of(3)))
                .sample(
                        "unsigned, per channel",
                        op,
                        () -> in(Data.integers(1, DType.U8, 0, 256, 2, 3), Data.of(0.1, 0.2, 0.3), Data.of(1, 2, 3)))
                .special("empty", op, () -> in(Data.integers(1, DType.I8, 0, 9, 0), Data.of(0.1), Data.of(3)))
                .large("large", op, () -> in(Data.integers(1, DType.I8, -128, 128, 70_001), Data.of(0.1), Data.of(3)))
                .error("floating", "expects integers", op, () -> in(Data.of(1), Data.of(1), Data.of(0)));
    }

    private static OpSpec quantizedLinear() {
        QuantOp op = new QuantOp.QuantizedLinear();
        return OpSpec.of(QuantOp.QuantizedLinear.class)
                .sample(
                        "bytes",
                        op,
                        () -> in(
                                Data.values(1, 3, 5),
                                Data.integers(2, DType.I8, -128, 128, 4, 5),
                                Data.of(0.5, 0.25, 0.125, 1),
                                Data.values(3, 4)))
                .sample(
                        "without bias, many leading dimensions",
                        op,
                        () -> in(Data.values(1, 2, 1, 3, 5), Data.integers(2, DType.I8, -9, 9, 2, 5), Data.of(0.5, 2)))
                .special(
                        "no rows",
                        op,
                        () -> in(Data.values(1, 0, 5), Data.integers(2, DType.I8, -9, 9, 2, 5), Data.of(0.5, 2)))
                .large(
                        "one row",
                        op,
                        () -> in(
                                Data.values(1, 1, 261),
                                Data.integers(2, DType.I8, -128, 128, 517, 261),
                                Data.values(3, 517)))
                .large(
                        "some rows",
                        op,
                        () -> in(
                                Data.values(1, 7, 261),
                                Data.integers(2, DType.I8, -128, 128, 517, 261),
                                Data.values(3, 517)))
                .large(
                        "some rows, bfloat16",
                        op,
                        () -> in(
                                Data.values(1, 5, 131), Data.values(2, 301, 131).to(DType.BF16), Data.values(3, 301)))
                .large(
                        "many rows, bfloat16",
                        op,
                        () -> in(Data.values(1, 18, 77), Data.values(2, 530, 77).to(DType.BF16), Data.values(3, 530)))
                .large(
                        "many rows",
                        op,
                        () -> in(
                                Data.values(1, 33, 261),
                                Data.integers(2, DType.I8, -128, 128, 65, 261),
                                Data.values(3, 65),
                                Data.values(4, 65)))
                .reduction(261)
                .looser(30) // weights up to 128 cancel to sums much smaller than their terms
                .error(
                        "features",
                        "one I",
                        op,
                        () -> in(Data.values(1, 3, 5), Data.integers(2, DType.I8, -9, 9, 2, 6), Data.of(0.5, 2)))
                .error(
                        "scale",
                        "scale of shape [2]",
                        op,
                        () -> in(Data.values(1, 3, 5), Data.integers(2, DType.I8, -9, 9, 2, 5), Data.of(0.5)));
    }

    private static OpSpec fakeQuantize() {
        QuantOp op = new QuantOp.FakeQuantize(-8, 7);
        return OpSpec.of(QuantOp.FakeQuantize.class)
                .noGradientCheck() // straight-through
                .sample("whole tensor", op, () -> in(Data.values(1, 3, 5), Data.of(0.25), Data.of(1)))
                .sample(
                        "per channel",
                        op,
                        () -> in(
                                Data.values(1, 2, 3, 2),
                                Data.of(0.125, 0.25, 0.5).reshape(3, 1),
                                Data.of(-1, 0, 2).reshape(3, 1)))
                .special("awkward values", op, () -> in(Data.awkward(), Data.of(0.25), Data.of(0)))
                .special("empty", op, () -> in(Data.values(1, 0), Data.of(1), Data.of(0)))
                .large("large", op, () -> in(Data.values(1, 70_001), Data.of(0.125), Data.of(0)))
                .error(
                        "range",
                        "qmin < qmax",
                        new QuantOp.FakeQuantize(3, 3),
                        () -> in(Data.of(1), Data.of(1), Data.of(0)))
                .error(
                        "dtypes",
                        "one dtype",
                        op,
                        () -> in(Data.of(1), Data.of(1).to(DType.F32), Data.of(0)));
    }
}
