package dev.retort.distill.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.distill.estimate.Confidence;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PredictionsTest {
    private static Predictions predictions(double[] first, long... labels) {
        double[] logits = new double[2 * first.length];
        for (int i = 0; i < first.length; i++) {
            logits[2 * i] = Math.log(first[i]);
            logits[2 * i + 1] = Math.log(1 - first[i]);
        }
        return new Predictions(Confidence.ofLogits(Tensor.of(logits, first.length, 2)), labels);
    }

    @Test
    void accuracyAgreementAndDisagreements() {
        Predictions a = predictions(new double[] {.9, .6, .3, .2}, 0, 1, 1, 0);
        Predictions b = predictions(new double[] {.8, .4, .4, .9}, 0, 1, 1, 0);
        assertThat(a.accuracy()).isEqualTo(.5);
        assertThat(b.accuracy()).isEqualTo(1);
        assertThat(a.agreement(b)).isEqualTo(.5);
        assertThat(a.disagreements(b)).containsExactly(1, 3);
        assertThatThrownBy(() -> a.agreement(predictions(new double[] {.5}, 0))).hasMessageContaining("got 4 and 1");
        assertThatThrownBy(() -> predictions(new double[] {.5}, 0, 1)).hasMessageContaining("2 for 1");
    }

    @Test
    void calibrationByHand() {
        Predictions p = predictions(new double[] {.9, .95, .6, .65}, 0, 1, 0, 0);
        Calibration byConfidence = Calibration.ofConfidence(p, 2);
        assertThat(byConfidence.bins()).hasSize(1);
        assertThat(byConfidence.error()).isCloseTo(Math.abs(.75 - (.9 + .95 + .6 + .65) / 4), within(1e-12));
        Calibration byMargin = Calibration.ofMargin(p, 2);
        assertThat(byMargin.bins()).extracting(Calibration.Bin::count).containsExactly(2, 2);
        assertThat(byMargin.bins()).extracting(Calibration.Bin::accuracy).containsExactly(1.0, .5);
        assertThat(byMargin.bins().getLast().score()).isCloseTo(.85, within(1e-12));
        assertThat(byMargin.error()).isCloseTo((2 * .75 + 2 * .35) / 4, within(1e-12));
        assertThatThrownBy(() -> Calibration.ofMargin(p, 0)).hasMessageContaining("at least one bin");
    }
}
