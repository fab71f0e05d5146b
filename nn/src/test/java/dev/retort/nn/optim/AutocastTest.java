package dev.retort.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.autograd.Checkpoint;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.loss.Losses;
import dev.retort.nn.models.Mlp;
import dev.retort.tensor.Autocast;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Mixed precision on the CPU.
class AutocastTest {
    private static final Tensor X = Random.normal(new Rng(1), 4, 6);
    private static final Tensor W = Random.normal(new Rng(2), 5, 6);

    @Test
    void productsAreHalfAndWhatIsSensitiveIsSingle() {
        try (Autocast _ = Autocast.to(DType.BF16)) {
            Tensor y = X.linear(W, null);
            assertThat(y.dtype()).isEqualTo(DType.BF16);
            assertThat(X.matmul(W.t()).dtype()).isEqualTo(DType.BF16);
            assertThat(y.relu().dtype()).isEqualTo(DType.BF16);
            assertThat(y.exp().dtype()).isEqualTo(DType.F32);
            assertThat(y.softmax(1).dtype()).isEqualTo(DType.F32);
            assertThat(y.sum().dtype()).isEqualTo(DType.F32);
            assertThat(y.amax(false, 1).dtype()).isEqualTo(DType.BF16);
            assertThat(y.add(Tensor.ones(5)).dtype()).isEqualTo(DType.F32);
            assertThat(y.add(y).dtype()).isEqualTo(DType.BF16);
            assertThat(y.add(y.to(DType.F16)).dtype()).isEqualTo(DType.F32);
            assertThat(Tensor.cat(0, y, Tensor.ones(1, 5)).dtype()).isEqualTo(DType.F32);
            assertThat(new BatchNorm(5).call(y).dtype()).isEqualTo(DType.F32);
            assertThat(y.reshape(-1).dtype()).isEqualTo(DType.BF16);
        }
        assertThat(X.linear(W, null).dtype()).isEqualTo(DType.F32);
    }

    @Test
    void aProductRoundsItsOperandsAndItsResultOnce() {
        Tensor expected = X.to(DType.BF16)
                .to(DType.F32)
                .linear(W.to(DType.BF16).to(DType.F32), null)
                .to(DType.BF16);
        try (Autocast _ = Autocast.to(DType.BF16)) {
            assertThat(X.linear(W, null).toDoubles()).containsExactly(expected.toDoubles(), within(0.02));
        }
    }

    @Test
    void doublesAndIntegersAreLeftAlone() {
        try (Autocast _ = Autocast.to(DType.F16)) {
            assertThat(X.to(DType.F64).linear(W.to(DType.F64), null).dtype()).isEqualTo(DType.F64);
            Tensor whole = Tensor.of(new long[] {1, 2, 3, 4}, 2, 2);
            assertThat(whole.matmul(whole).toLongs()).containsExactly(7, 10, 15, 22);
        }
    }

    @Test
    void scopesNestAndEnd() {
        try (Autocast _ = Autocast.to(DType.F16)) {
            try (Autocast _ = Autocast.off()) {
                assertThat(X.linear(W, null).dtype()).isEqualTo(DType.F32);
            }
            try (Autocast _ = Autocast.to(DType.BF16)) {
                assertThat(X.linear(W, null).dtype()).isEqualTo(DType.BF16);
            }
            assertThat(X.linear(W, null).dtype()).isEqualTo(DType.F16);
        }
        assertThat(Autocast.dtype()).isNull();
        assertThatThrownBy(() -> Autocast.to(DType.F32))
                .isInstanceOf(OpException.class)
                .hasMessage("autocast: expects F16 or BF16, got F32");
    }

    /// Gradients have the parameters' type, whether backward runs inside the scope or behind it, and
    /// through a checkpoint.
    @Test
    void gradientsComeBackInSinglePrecision() {
        double[] outside = gradient(false, false);
        assertThat(gradient(true, false)).containsExactly(outside);
        assertThat(gradient(false, true)).containsExactly(outside);
    }

    private static double[] gradient(boolean inside, boolean checkpointed) {
        Tensor w = W.detach().copy().requiresGrad(true);
        Tensor loss;
        try (Autocast _ = Autocast.to(DType.BF16)) {
            Tensor y = checkpointed
                    ? Checkpoint.of(x -> x.linear(w, null).tanh(), X)
                    : X.linear(w, null).tanh();
            assertThat(y.dtype()).isEqualTo(DType.BF16);
            loss = y.sum();
            if (inside) {
                loss.backward();
            }
        }
        if (!inside) {
            loss.backward();
        }
        Tensor gradient = w.grad();
        assertThat(gradient).isNotNull();
        assertThat(gradient.dtype()).isEqualTo(DType.F32);
        return gradient.toDoubles();
    }

    @Test
    void trainingInMixedPrecisionFollowsTrainingInSinglePrecision() {
        double[] single = losses(null);
        double[] brain = losses(DType.BF16);
        double[] half = losses(DType.F16);

        assertThat(single[29]).isLessThan(0.5 * single[0]);
        assertThat(brain[29]).isCloseTo(single[29], within(0.03 * single[0]));
        assertThat(half[29]).isCloseTo(single[29], within(0.01 * single[0]));
    }

    /// Losses of 30 steps; with `F16` behind a [GradScaler].
    private static double[] losses(@Nullable DType half) {
        Mlp network = new Mlp(new Mlp.Config(6, List.of(16), 3, 0), new Rng(1));
        Optimizer optimizer = new AdamW(network.namedParameters(), AdamW.config(0.02));
        GradScaler scaler = new GradScaler(GradScaler.Config.defaults());
        Tensor x = Random.normal(new Rng(5), 24, 6);
        Tensor y = x.slice(1, 0, 3).argmax(1);
        double[] losses = new double[30];
        for (int step = 0; step < losses.length; step++) {
            optimizer.zeroGrad();
            Tensor loss;
            try (Autocast _ = Autocast.as(half)) {
                loss = Losses.crossEntropy(network.call(x), y).mean();
            }
            assertThat(loss.dtype()).isEqualTo(DType.F32);
            if (half == DType.F16) {
                scaler.scale(loss).backward();
                scaler.step(optimizer);
            } else {
                loss.backward();
                optimizer.step();
            }
            losses[step] = loss.item();
        }
        return losses;
    }
}
