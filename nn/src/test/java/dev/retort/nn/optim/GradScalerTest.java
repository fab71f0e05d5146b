package dev.retort.nn.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Parameter;
import dev.retort.tensor.DType;
import dev.retort.tensor.Tensor;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GradScalerTest {
    private final Parameter weight = new Parameter(Tensor.of(new float[] {1, 2}));
    private final Optimizer sgd = new SGD(Map.of("w", weight), SGD.Config.of(0.5));

    @Test
    void aSmallGradientSurvivesHalfPrecision() {
        GradScaler scaler = new GradScaler(GradScaler.Config.defaults());
        // 2⁻²⁵ rounds to 0 in F16; scaled by 2¹⁶ it does not
        Tensor half = weight.tensor().to(DType.F16);
        Tensor loss = half.sum().to(DType.F32).mul(0x1.0p-25);

        scaler.scale(loss).backward();

        assertThat(scaler.step(sgd)).isTrue();
        assertThat(weight.grad().toDoubles()).containsExactly(0x1.0p-25, 0x1.0p-25);
    }

    @Test
    void anOverflowSkipsTheStepAndLowersTheFactor() {
        GradScaler scaler = new GradScaler(new GradScaler.Config(8, 2, 0.25, 2));
        scaler.scale(weight.tensor().mul(Double.POSITIVE_INFINITY).sum()).backward();

        assertThat(scaler.step(sgd)).isFalse();
        assertThat(weight.tensor().toFloats()).containsExactly(1, 2);
        assertThat(scaler.scale()).isEqualTo(2);
    }

    @Test
    void theFactorGrowsAfterStepsWithoutOverflowAndIsPartOfTheState() {
        GradScaler scaler = new GradScaler(new GradScaler.Config(8, 2, 0.5, 2));
        for (int i = 0; i < 3; i++) {
            sgd.zeroGrad();
            scaler.scale(weight.tensor().sum()).backward();
            assertThat(scaler.step(sgd)).isTrue();
        }
        assertThat(scaler.scale()).isEqualTo(16);
        assertThat(weight.tensor().toFloats()).containsExactly(-0.5f, 0.5f);
        GradScaler other = new GradScaler(GradScaler.Config.defaults());
        other.loadStateDict(scaler.stateDict());
        assertThat(other.stateDict().get("taken").item()).isEqualTo(1);
        assertThat(other.scale()).isEqualTo(16);
    }

    @Test
    void rangesAreChecked() {
        assertThatThrownBy(() -> new GradScaler.Config(0, 2, 0.5, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("initial > 0");
    }
}
