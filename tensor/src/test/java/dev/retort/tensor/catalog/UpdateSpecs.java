package dev.retort.tensor.catalog;

import static dev.retort.tensor.catalog.Data.in;

import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/// Specs of [UpdateOp]; their results are the tensors that they write to.
final class UpdateSpecs {
    private static final int LARGE = 70_001;

    private final List<OpSpec> specs = new ArrayList<>();

    private UpdateSpecs() {}

    static List<OpSpec> all() {
        UpdateSpecs s = new UpdateSpecs();
        s.copies();
        s.sums();
        s.optimizers();
        s.adaptive();
        return s.specs;
    }

    private void copies() {
        UpdateOp copy = new UpdateOp.CopyInto();
        specs.add(OpSpec.of(UpdateOp.CopyInto.class)
                .sample("same shape", copy, () -> in(Data.values(1, 3, 4), Data.values(2, 3, 4)))
                .sample("broadcast", copy, () -> in(Data.values(1, 3, 4), Data.values(2, 4)))
                .special("converted", copy, () -> in(Data.indices(1, 9, 5), Data.of(1.9, -1.9, 0, 7, 3.5)))
                .special("empty", copy, () -> in(Data.values(1, 0), Data.values(2, 1)))
                .large("large", copy, () -> in(Data.values(1, LARGE), Data.values(2, LARGE)))
                .error(
                        "larger source",
                        "broadcasts to the destination",
                        copy,
                        () -> in(Data.values(1, 4), Data.values(2, 3, 4))));
        specs.add(OpSpec.of(UpdateOp.Fill.class)
                .sample("matrix", new UpdateOp.Fill(1.5), () -> in(Data.values(1, 3, 4)))
                .special("integers", new UpdateOp.Fill(-7), () -> in(Data.indices(1, 9, 5)))
                .special("truth values", new UpdateOp.Fill(2), () -> in(Data.bools(1, 5)))
                .special("empty", new UpdateOp.Fill(1), () -> in(Data.values(1, 0)))
                .large("large", new UpdateOp.Fill(0.3), () -> in(Data.values(1, LARGE)))
                .error("two inputs", "expects 1 inputs", new UpdateOp.Fill(1), () -> in(Data.of(1), Data.of(2))));
    }

    private void sums() {
        specs.add(OpSpec.of(UpdateOp.Scale.class)
                .sample("matrix", new UpdateOp.Scale(-0.3), () -> in(Data.values(1, 3, 4)))
                .special("integers", new UpdateOp.Scale(3), () -> in(Tensor.of(new long[] {(1L << 53) + 1, -2})))
                .special("empty", new UpdateOp.Scale(2), () -> in(Data.values(1, 0)))
                .large("large", new UpdateOp.Scale(0.3), () -> in(Data.values(1, LARGE)))
                .error("two inputs", "expects 1 inputs", new UpdateOp.Scale(1), () -> in(Data.of(1), Data.of(2))));
        step(OpSpec.of(UpdateOp.AddScaled.class), new UpdateOp.AddScaled(-0.3), 2)
                .special(
                        "integers",
                        new UpdateOp.AddScaled(2),
                        () -> in(Tensor.of(new long[] {(1L << 53) + 1, -2}), Tensor.of(new long[] {1, 5})));
        step(OpSpec.of(UpdateOp.Lerp.class), new UpdateOp.Lerp(0.1), 2);
    }

    /// Samples of an op on `count` tensors of one shape, the later ones positive (second moments).
    private OpSpec step(OpSpec spec, UpdateOp op, int count) {
        IntFunction<Tensor[]> vectors = n -> inputs(count, n);
        spec.sample("matrix", op, () -> inputs(count, 3, 4))
                .sample("one", op, () -> inputs(count))
                .special("empty", op, () -> vectors.apply(0))
                .large("large", op, () -> vectors.apply(LARGE))
                .looser(4)
                .error("shapes", "one shape", op, () -> {
                    Tensor[] in = inputs(count, 3);
                    in[1] = Data.values(2, 4);
                    return in;
                })
                .error("dtypes", "one dtype", op, () -> {
                    Tensor[] in = inputs(count, 3);
                    in[1] = in[1].to(DType.F32);
                    return in;
                })
                .error("one input", "expects " + count + " inputs", op, () -> in(Data.of(1)));
        specs.add(spec);
        return spec;
    }

    private static Tensor[] inputs(int count, int... shape) {
        Tensor[] in = new Tensor[count];
        for (int i = 0; i < count; i++) {
            in[i] = i < 2 ? Data.values(i, shape) : Data.uniform(i, 0.1, 1, shape);
        }
        return in;
    }

    private void optimizers() {
        step(OpSpec.of(UpdateOp.SgdStep.class, "plain"), new UpdateOp.SgdStep(0.1, 0, 0, 0.01, false, false), 2);
        step(OpSpec.of(UpdateOp.SgdStep.class, "momentum"), new UpdateOp.SgdStep(0.1, 0.9, 0.1, 0.01, false, false), 3);
        step(OpSpec.of(UpdateOp.SgdStep.class, "first"), new UpdateOp.SgdStep(0.1, 0.9, 0.1, 0, false, true), 3);
        step(OpSpec.of(UpdateOp.SgdStep.class, "nesterov"), new UpdateOp.SgdStep(0.1, 0.9, 0, 0.01, true, false), 3);
        step(OpSpec.of(UpdateOp.LionStep.class), new UpdateOp.LionStep(0.01, 0.9, 0.99, 0.1), 3);
    }

    private void adaptive() {
        step(
                OpSpec.of(UpdateOp.AdamStep.class, "first"),
                new UpdateOp.AdamStep(0.01, 0.9, 0.999, 1e-8, 0.1, false, 1),
                4);
        step(
                OpSpec.of(UpdateOp.AdamStep.class, "decoupled"),
                new UpdateOp.AdamStep(0.01, 0.9, 0.999, 1e-8, 0.1, true, 9),
                4);
        step(OpSpec.of(UpdateOp.RmsPropStep.class, "plain"), new UpdateOp.RmsPropStep(0.01, 0.99, 1e-8, 0.1, 0), 3);
        step(OpSpec.of(UpdateOp.RmsPropStep.class, "momentum"), new UpdateOp.RmsPropStep(0.01, 0.99, 1e-8, 0, 0.9), 4);
        step(OpSpec.of(UpdateOp.AdagradStep.class), new UpdateOp.AdagradStep(0.01, 1e-10, 0.1), 3);
        step(OpSpec.of(UpdateOp.LambStep.class), new UpdateOp.LambStep(0.01, 0.9, 0.999, 1e-6, 0.1, 3), 4)
                .reduction(100)
                .special("no weights yet", new UpdateOp.LambStep(0.01, 0.9, 0.999, 1e-6, 0, 1), () -> {
                    Tensor[] in = inputs(4, 5);
                    in[0] = in[0].zerosLike();
                    return in;
                });
    }
}
