package dev.retort.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Module;
import dev.retort.nn.ModuleHook;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.NormOp;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/// Batch norm, sum and ReLU in one op give what the three layers give, and hooks still see every layer.
class FusedNormTest {
    private final Tensor x = draw(1);
    private final Tensor joined = draw(2);

    private static Tensor draw(long seed) {
        return Random.normal(new Rng(seed), 0, 1, DType.F64, 3, 4, 5, 2);
    }

    private static BatchNorm norm() {
        BatchNorm norm = new BatchNorm(4);
        norm.weight().set(Tensor.of(new double[] {1, -2, 0.5, 3}));
        norm.bias().set(Tensor.of(new double[] {0.5, 1, 0, -1}));
        norm.to(DType.F64);
        return norm;
    }

    /// Output, gradients of x and of the stream, gradients of weight and bias, running statistics.
    private List<Tensor> results(boolean fused, BatchNorm norm, ReLU relu, double... weights) {
        Tensor in = x.copy().requiresGrad(true);
        Tensor stream = joined.copy().requiresGrad(true);
        Tensor scale = weights.length == 1 // one number, or one a channel
                ? Tensor.of(weights).requiresGrad(true)
                : Tensor.of(weights).reshape(4, 1, 1).copy().requiresGrad(true);
        Tensor y = fused
                ? norm.callAddRelu(norm.callRelu(in, relu), stream, scale, relu)
                : relu.call(norm.call(relu.call(norm.call(in))).mul(scale).add(stream));
        y.mul(draw(3)).sum().backward();
        return List.of(
                y,
                in.grad(),
                stream.grad(),
                scale.grad(),
                norm.weight().grad(),
                norm.bias().grad(),
                norm.runningMean(),
                norm.runningVar());
    }

    private static void assertSame(List<Tensor> actual, List<Tensor> expected) {
        for (int i = 0; i < expected.size(); i++) {
            double[] e = expected.get(i).toDoubles();
            double[] a = actual.get(i).toDoubles();
            for (int j = 0; j < e.length; j++) {
                assertThat(a[j]).as("result %d", i).isCloseTo(e[j], Offset.offset(1e-12));
            }
        }
    }

    @Test
    void oneOpGivesWhatThreeLayersGive() {
        for (double[] scale : new double[][] {{1}, {0}, {-0.7}, {0.5, 0, 2, -1}}) {
            assertSame(results(true, norm(), new ReLU(), scale), results(false, norm(), new ReLU(), scale));
            BatchNorm trained = norm();
            trained.eval();
            BatchNorm other = norm();
            other.eval();
            assertSame(results(true, trained, new ReLU(), scale), results(false, other, new ReLU(), scale));
        }
    }

    @Test
    void hooksSeeTheLayersAndOthersSeeOneOp() {
        List<String> ops = new ArrayList<>();
        Engine.ExecutionListener before = Engine.listener();
        Engine.listener((op, _, _, _) -> {
            if (op instanceof NormOp) {
                ops.add(op.name());
            }
        });
        try {
            List<Module> seen = new ArrayList<>();
            BatchNorm norm = norm();
            ReLU relu = new ReLU();
            try (ModuleHook _ = relu.hook((m, _, _) -> seen.add(m));
                    ModuleHook _ = norm.hook((m, _, _) -> seen.add(m))) {
                norm.callRelu(x, relu);
                norm.callAddRelu(x, joined, null, relu);
            }
            assertThat(seen).containsExactly(norm, relu, norm, relu);
            norm.callRelu(x, relu);
            assertThat(ops).containsExactly("batch_norm", "batch_norm", "batch_norm_relu");
        } finally {
            Engine.listener(before);
        }
    }
}
