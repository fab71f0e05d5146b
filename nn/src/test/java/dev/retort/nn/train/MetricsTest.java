package dev.retort.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.loss.Loss;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static final Tensor LOGITS = Tensor.of(
            new float[] {
                3, 1, 0, //
                0, 2, 1, //
                1, 1, 0, //
                0, 1, 5
            },
            4,
            3);

    private static Tensor classes(long... classes) {
        return Tensor.of(classes);
    }

    @Test
    void topKByHand() {
        TopK one = TopK.accuracy();
        one.add(LOGITS, classes(0, 2, 1, 2));
        assertThat(one.value()).isEqualTo(0.5); // equal logits rank by index, so row 2 says class 0
        TopK two = new TopK(2);
        two.add(LOGITS, classes(0, 2, 1, 0));
        two.add(LOGITS, classes(-1, 1, -1, -1));
        assertThat(two.hits()).isEqualTo(4);
        assertThat(two.count()).isEqualTo(5);
        assertThat(TopK.accuracy().value()).isNaN();
    }

    @Test
    void confusionMatrixByHand() {
        ConfusionMatrix matrix = new ConfusionMatrix(3);
        matrix.add(LOGITS, classes(0, 2, 1, 2));
        matrix.add(LOGITS, classes(0, 1, 0, -1));
        assertThat(matrix.counts()).isDeepEqualTo(new long[][] {{3, 0, 0}, {1, 1, 0}, {0, 1, 1}});
        assertThat(matrix.accuracy()).isEqualTo(5 / 7.0);
        assertThat(matrix.recall(1)).isEqualTo(0.5);
        assertThat(matrix.precision(0)).isEqualTo(0.75);
    }

    @Test
    void calibrationErrorByHand() {
        CalibrationError error = new CalibrationError(10);
        float even = 0;
        float nine = (float) Math.log(9);
        Tensor logits = Tensor.of(new float[] {nine, even, nine, even, even, even, nine, even}, 4, 2);
        error.add(logits, classes(0, 1, 0, 0)); // confidences 0.9 (two of three right) and 0.5 (right)
        assertThat(error.value()).isCloseTo((Math.abs(2 - 2.7) + Math.abs(1 - 0.5)) / 4, Offset.offset(1e-6));
        long total = 0;
        for (long n : error.counts()) {
            total += n;
        }
        assertThat(total).isEqualTo(4);
        assertThat(error.accuracies()[4]).isEqualTo(1);
        assertThat(error.confidences()[4]).isEqualTo(0.5);
    }

    @Test
    void misfitsAreRefused() {
        assertThatThrownBy(() -> TopK.accuracy().add(LOGITS, classes(0, 1)))
                .isInstanceOf(OpException.class)
                .hasMessage("top-k: expects logits [N, C] and class indices [N], got F32[4, 3] and I64[2]");
        assertThatThrownBy(() -> TopK.accuracy().add(LOGITS, classes(0, 1, 2, 3)))
                .hasMessage("top-k: expects classes below 3, got 3");
        assertThatThrownBy(() -> new ConfusionMatrix(0)).hasMessageContaining("at least 1 class, got 0");
        assertThatThrownBy(() -> new ConfusionMatrix(4).add(LOGITS, classes(0, 1, 2, 0)))
                .hasMessageContaining("expects 4 classes");
    }

    @Test
    void meanWeighsByCount() {
        Mean mean = new Mean();
        mean.add(new Loss(Tensor.scalar(6), 2));
        mean.add(1, 2);
        assertThat(mean.value()).isEqualTo(2);
    }

    @Test
    void earlyStoppingWaitsForItsPatienceAndResumes() {
        EarlyStopping stopping = new EarlyStopping(true, 0.01, 2);
        assertThat(stopping.add(0.5)).isTrue();
        assertThat(stopping.add(0.505)).as("within the margin").isFalse();
        assertThat(stopping.shouldStop()).isFalse();
        EarlyStopping resumed = new EarlyStopping(true, 0.01, 2);
        resumed.loadStateDict(stopping.stateDict());
        assertThat(resumed.add(Double.NaN)).isFalse();
        assertThat(resumed.shouldStop()).isTrue();
        assertThat(resumed.best()).isEqualTo(0.5);
        assertThat(resumed.add(0.6)).isTrue();
        assertThat(resumed.shouldStop()).isFalse();
        assertThatThrownBy(() -> new EarlyStopping(true, 0, 0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("patience >= 1, got 0.0 and 0");
    }
}
