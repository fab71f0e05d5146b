package dev.retort.nn.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.Flatten;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.MultiheadAttention;
import dev.retort.nn.layer.ReLU;
import dev.retort.nn.layer.Sequential;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.transformer.Gpt2;
import dev.retort.tensor.DType;
import dev.retort.tensor.Engine;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ShapeOp;
import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SummaryTest {
    private final Rng rng = new Rng(1);

    @Test
    void costsByHand() {
        Sequential model = new Sequential(
                new Conv2d(Conv2d.Config.of(2, 4, 3).withPadding(1), rng),
                new BatchNorm(4),
                new ReLU(),
                new Flatten(),
                new Linear(4 * 25, 3, rng));
        model.module("4").freeze();
        float[] mean = model.stateDict().get("1.running_mean").toFloats();
        Summary summary = Summary.of(model, Tensor.ones(2, 2, 5, 5));
        long outputs = 2 * 4 * 25;
        long conv = 2 * outputs * 2 * 9 + outputs;
        long linear = 2 * 6 * 100 + 6;
        assertThat(summary.rows()).extracting(Summary.Row::path).containsExactly("", "0", "1", "2", "3", "4");
        assertThat(summary.rows())
                .extracting(Summary.Row::flops)
                .containsExactly(conv + 3 * outputs + linear, conv, 2 * outputs, outputs, 0L, linear);
        assertThat(summary.rows().get(5).outputs().getFirst().dims()).containsExactly(2, 3);
        assertThat(summary.parameters()).isEqualTo(76 + 8 + 303);
        assertThat(summary.trainable()).isEqualTo(84);
        assertThat(summary.activationBytes()).isEqualTo(4 * (3 * outputs + 6));
        assertThat(model.isTraining()).as("back in its mode").isTrue();
        assertThat(model.stateDict().get("1.running_mean").toFloats())
                .as("a dry run")
                .isEqualTo(mean);
        assertThat(Engine.listener()).isNull();
    }

    @Test
    void resNet20HasItsKnownCost() {
        Summary summary = Summary.of(new CifarResNet(CifarResNet.Config.of(20, 10), rng), Tensor.zeros(1, 3, 32, 32));
        assertThat(summary.parameters()).isEqualTo(269_722);
        // 40.55 million multiplications and additions in convolutions and the classifier, and a few per activation.
        assertThat(summary.flops()).isBetween(81_100_000L, 82_500_000L);
        assertThat(summary.toString())
                .contains("layer1.0.conv1", "Conv2d", "[1, 16, 32, 32]")
                .contains("269,722 parameters (269,722 trained)");
    }

    @Test
    void modulesWithSeveralInputsRunThroughAnAction() {
        MultiheadAttention attention = new MultiheadAttention(8, 2, rng);
        Tensor x = Tensor.zeros(3, 1, 8);
        Summary summary = Summary.of(attention, () -> attention.call(x, null, false));
        long projections = 2 * 3 * 8 * 32 + 3 * 32;
        long scores = 2 * 9 * (4 * 4 + 4);
        assertThat(summary.flops()).isEqualTo(projections + scores);
    }

    /// A bound is no use if it is far off: training keeps at least half of it.
    @Test
    void trainingKeepsNoMoreThanTheActivations() {
        CifarResNet images = new CifarResNet(CifarResNet.Config.of(8, 10), rng);
        Gpt2 texts = new Gpt2(Gpt2.Config.of(20, 32, 24, 2, 3), rng);
        for (Layer model : List.of(images, texts)) {
            Tensor x = model == images
                    ? Tensor.ones(4, 3, 32, 32)
                    : Tensor.ones(4, 32).to(DType.I64);
            long bound = Summary.of(model, x).activationBytes();
            Map<WeakReference<Object>, Long> made = new LinkedHashMap<>();
            Engine.listener((op, _, outputs, _) -> {
                for (Tensor output : op instanceof ShapeOp.View ? new Tensor[0] : outputs) {
                    made.put(
                            new WeakReference<>(output.storage()),
                            (long) output.numel() * output.dtype().bytes());
                }
            });
            Tensor loss;
            try {
                loss = model.call(x).square().sum();
            } finally {
                Engine.listener(null);
            }
            long kept = kept(made, bound);
            assertThat(kept).isLessThanOrEqualTo(bound).isGreaterThan(bound / 2);
            loss.backward();
        }
    }

    /// Bytes of what is still referred to; a few collections may be needed to see that.
    private static long kept(Map<WeakReference<Object>, Long> made, long enough) {
        long kept = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 5 && kept > enough; attempt++) {
            System.gc();
            kept = made.entrySet().stream()
                    .mapToLong(entry -> entry.getKey().refersTo(null) ? 0 : entry.getValue())
                    .sum();
        }
        return kept;
    }
}
