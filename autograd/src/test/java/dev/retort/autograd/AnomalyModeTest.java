package dev.retort.autograd;

import static dev.retort.autograd.Tensors.leaf;
import static dev.retort.autograd.Tensors.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.retort.tensor.Engine;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.UpdateOp;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AnomalyModeTest {
    private static Tensor inModule(String name, Supplier<Tensor> forward) {
        ModulePath.push(name);
        try {
            return forward.get();
        } finally {
            ModulePath.pop();
        }
    }

    @Test
    void namesTheForwardOpAndItsModule() {
        Tensor x = leaf(-1, 4);
        try (AnomalyMode _ = AnomalyMode.open()) {
            AnomalyException e = catchThrowableOfType(
                    AnomalyException.class,
                    () -> inModule("encoder", () -> inModule("0", () -> x.sqrt().mul(2))));
            assertThat(e.op()).isEqualTo("sqrt");
            assertThat(e.path()).isEqualTo("encoder.0");
            assertThat(e)
                    .hasMessage("anomaly: sqrt in encoder.0 produced NaN in result 0 F64[2]; inputs: F64[2] finite");
        }
        assertThat(x.sqrt().requiresGrad()).as("off again").isTrue();
    }

    @Test
    void namesTheOpWhoseGradientIsWrong() {
        Tensor x = leaf(0, 4);
        try (AnomalyMode _ = AnomalyMode.open()) {
            Tensor y = inModule("head", x::sqrt); // 0 forward, 1/(2·0) backward
            AnomalyException e =
                    catchThrowableOfType(AnomalyException.class, () -> y.sum().backward());
            assertThat(e.op()).isEqualTo("sqrt");
            assertThat(e.path()).isEqualTo("head");
            assertThat(e).hasMessageContaining("backward of sqrt").hasMessageContaining("an infinity");
        }
    }

    @Test
    void reportsInfinitiesFromFiniteInputsOnly() {
        try (AnomalyMode _ = AnomalyMode.open()) {
            assertThatThrownBy(() -> vector(0, 1).log()).hasMessageContaining("log produced an infinity");
            Tensor hidden = Tensor.of(new boolean[] {true, false});
            Tensor masked = vector(1, 2).maskedFill(hidden, Double.NEGATIVE_INFINITY);
            assertThat(masked.softmax(0).toDoubles()).containsExactly(0, 1);
            assertThat(masked.exp().toDoubles()[0]).isZero();
            assertThatThrownBy(() -> masked.sub(masked))
                    .hasMessageContaining("sub produced NaN")
                    .hasMessageContaining("has infinities");
        }
    }

    @Test
    void watchesUpdates() {
        Tensor w = vector(1, 2);
        try (AnomalyMode _ = AnomalyMode.open()) {
            assertThatThrownBy(() -> w.update(new UpdateOp.Scale(Double.NaN)))
                    .hasMessageContaining("scale produced NaN");
        }
    }

    @Test
    void passesCallsOnToTheListenerThatWasThere() {
        int[] calls = new int[1];
        Engine.listener((op, in, out, nanos) -> calls[0]++);
        try {
            try (AnomalyMode _ = AnomalyMode.open();
                    AnomalyMode _ = AnomalyMode.open()) {
                int before = calls[0];
                vector(1).exp();
                assertThat(calls[0]).isGreaterThan(before);
                assertThat(AnomalyMode.isOn()).isTrue();
            }
            assertThat(AnomalyMode.isOn()).isFalse();
            calls[0] = 0;
            vector(1).exp();
            assertThat(calls[0]).isEqualTo(1);
        } finally {
            Engine.listener(null);
        }
    }

    @Test
    void pathsNest() {
        assertThat(ModulePath.current()).isEmpty();
        inModule(
                "",
                () -> inModule(
                        "a",
                        () -> inModule("b", () -> {
                            assertThat(ModulePath.current()).isEqualTo("a.b");
                            return vector(1);
                        })));
        assertThat(ModulePath.current()).isEmpty();
    }
}
