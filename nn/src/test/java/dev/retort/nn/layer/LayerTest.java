package dev.retort.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.retort.nn.Layer;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/// What layers do that PyTorch's numbers do not show: modes, randomness, shapes, errors.
class LayerTest {
    private final Rng rng = new Rng(1);

    @Test
    void linearByHand() {
        Linear linear = new Linear(2, 2, rng);
        linear.weight().set(Tensor.of(new float[] {1, 2, 3, 4}, 2, 2));
        linear.bias().set(Tensor.of(new float[] {10, 20}));
        assertThat(linear.call(Tensor.of(new float[] {1, -1}, 1, 2)).toFloats()).containsExactly(9, 19);
    }

    @Test
    void swiGluByHand() {
        Tensor y = new SwiGLU().call(Tensor.of(new double[] {1, -2, 3, 5}, 1, 4));
        double first = 1 / (1 + Math.exp(-1)) * 3;
        double second = -2 / (1 + Math.exp(2)) * 5;
        assertThat(y.get(0, 0)).isCloseTo(first, Offset.offset(1e-12));
        assertThat(y.get(0, 1)).isCloseTo(second, Offset.offset(1e-12));
        assertThatThrownBy(() -> new SwiGLU().call(Tensor.zeros(2, 3)))
                .isInstanceOf(OpException.class)
                .hasMessage("swiglu: expects an even last dimension, got F32[2, 3]");
    }

    @Test
    void rmsNormByHand() {
        Tensor y = new RmsNorm(2, 0).call(Tensor.of(new float[] {3, 4}, 1, 2));
        assertThat(y.get(0, 0)).isCloseTo(3 / Math.sqrt(12.5), Offset.offset(1e-6));
        assertThat(y.get(0, 1)).isCloseTo(4 / Math.sqrt(12.5), Offset.offset(1e-6));
    }

    @Test
    void dropoutKeepsTheMeanInTrainingAndDoesNothingInEvaluation() {
        Dropout dropout = new Dropout(0.3, new Rng(4));
        Tensor x = Tensor.ones(10_000);
        Tensor y = dropout.call(x);
        assertThat(y.mean().item()).isCloseTo(1, Offset.offset(0.03));
        assertThat(y.eq(0).to(DType.F32).mean().item()).isCloseTo(0.3, Offset.offset(0.02));
        assertThat(dropout.call(x).toFloats()).as("the next mask differs").isNotEqualTo(y.toFloats());
        dropout.eval();
        assertThat(dropout.call(x)).isSameAs(x);
        assertThat(new Dropout(0.3, new Rng(4)).call(x).toFloats())
                .as("same seed")
                .isEqualTo(y.toFloats());
    }

    @Test
    void dropPathDropsWholeSamples() {
        DropPath path = new DropPath(0.5, new Rng(2));
        float[] y = path.call(Tensor.ones(400, 3)).toFloats();
        int dropped = 0;
        for (int i = 0; i < 400; i++) {
            assertThat(y[3 * i]).isEqualTo(y[3 * i + 1]).isEqualTo(y[3 * i + 2]).isIn(0f, 2f);
            dropped += y[3 * i] == 0 ? 1 : 0;
        }
        assertThat(dropped).isBetween(160, 240);
        path.eval();
        assertThat(path.call(Tensor.ones(2, 3)).toFloats()).containsOnly(1);
    }

    @Test
    void batchNormRefusesOneValueAChannel() {
        assertThatThrownBy(() -> new BatchNorm(3).call(Tensor.zeros(1, 3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("more than one value a channel in training, got F32[1, 3]");
    }

    @Test
    void preluHasASlopeForEachChannel() {
        PReLU prelu = new PReLU(2);
        prelu.weight().tensor().copyFrom(Tensor.of(new float[] {0.5f, 0.1f}));
        Tensor x = Tensor.of(new float[] {-2, 4, -10, 0}, 1, 2, 2);
        assertThat(prelu.call(x).toFloats()).containsExactly(-1, 4, -1, 0);
        assertThat(new PReLU().call(x).toFloats()).containsExactly(-0.5f, 4, -2.5f, 0);
        assertThatThrownBy(() -> prelu.call(Tensor.zeros(2, 3)))
                .isInstanceOf(OpException.class)
                .hasMessage("prelu: expects [N, 2, ...], got F32[2, 3]");
    }

    @Test
    void largerMaps() {
        Tensor x = Tensor.of(new float[] {1, 2}, 1, 1, 1, 2);
        assertThat(new Upsample(2).call(x).toFloats()).containsExactly(1, 1, 2, 2, 1, 1, 2, 2);
        assertThat(new Upsample(2, ResampleOp.Mode.BILINEAR)
                        .call(x)
                        .narrow(2, 0, 1)
                        .toFloats())
                .containsExactly(1, 1.25f, 1.75f, 2);
        Tensor channels = Tensor.of(new float[] {1, 2, 3, 4}, 1, 4, 1, 1);
        assertThat(new PixelShuffle(2).call(channels).toFloats()).containsExactly(1, 2, 3, 4);
        assertThat(new Softmax(-1).call(Tensor.zeros(2, 4)).toFloats()).containsOnly(0.25f);
    }

    @Test
    void batchNormWithoutMomentumAveragesAllBatches() {
        BatchNorm norm = new BatchNorm(BatchNorm.Config.of(1).withCumulativeAverage());
        norm.call(Tensor.of(new float[] {1, 3}, 2, 1)); // mean 2, unbiased variance 2
        assertThat(norm.runningMean().item()).isEqualTo(2);
        assertThat(norm.runningVar().item()).isEqualTo(2);
        norm.call(Tensor.of(new float[] {4, 8}, 2, 1)); // 6 and 8
        norm.call(Tensor.of(new float[] {-2, -2}, 2, 1)); // -2 and 0
        assertThat(norm.runningMean().item()).isCloseTo(2, within(1e-6));
        assertThat(norm.runningVar().item()).isCloseTo(10 / 3.0, within(1e-6));
        BatchNorm resumed = new BatchNorm(BatchNorm.Config.of(1).withCumulativeAverage());
        resumed.loadStateDict(norm.stateDict());
        resumed.call(Tensor.of(new float[] {9, 11}, 2, 1)); // the fourth batch, not the first
        assertThat(resumed.runningMean().item()).isCloseTo(4, within(1e-6));
        assertThat(norm.toString()).contains("momentum = none");
    }

    @Test
    void embeddingPaddingStaysZeroAndGetsNoGradient() {
        Embedding embedding = new Embedding(4, 2, 1, rng);
        assertThat(embedding.weight().tensor().select(0, 1).toFloats()).containsOnly(0);
        embedding.call(Tensor.of(new long[] {1, 1, 3})).sum().backward();
        assertThat(embedding.weight().grad().toFloats()).containsExactly(0, 0, 0, 0, 0, 0, 1, 1);
    }

    @Test
    void attentionIgnoresMaskedKeys() {
        MultiheadAttention attention =
                new MultiheadAttention(MultiheadAttention.Config.of(8, 2).withBatchFirst(), rng);
        Tensor query = Random.normal(rng, 1, 3, 8);
        Tensor key = Random.normal(rng, 1, 4, 8);
        Tensor mask = Tensor.of(new boolean[] {true, true, false, true}, 1, 1, 1, 4);
        Tensor with = attention.call(query, key, key, mask, false);
        Tensor changed = key.copy();
        changed.narrow(1, 2, 1).copyFrom(Tensor.full(99, DType.F32, 1));
        assertThat(attention.call(query, changed, changed, mask, false).toFloats())
                .isEqualTo(with.toFloats());
        assertThat(attention.call(query, changed, changed, null, false).toFloats())
                .isNotEqualTo(with.toFloats());
    }

    @Test
    void recurrentDropoutWorksBetweenLayersOnlyAndInTrainingOnly() {
        LSTM lstm = new LSTM(Recurrent.Config.of(3, 4).withLayers(2).withDropout(0.5), rng);
        Tensor x = Random.normal(rng, 2, 5, 3);
        assertThat(lstm.call(x).output().toFloats())
                .isNotEqualTo(lstm.call(x).output().toFloats());
        lstm.eval();
        assertThat(lstm.call(x).output().toFloats())
                .isEqualTo(lstm.call(x).output().toFloats());
        assertThatThrownBy(() -> lstm.call(Tensor.zeros(2, 5, 4)))
                .hasMessage("recurrent: expects input [T, B, 3], got F32[2, 5, 4]");
    }

    @Test
    void recurrentLayersTakeInitialStatesOfTheirShapeOnly() {
        Rng rng = new Rng(1);
        Tensor x = Random.normal(rng, 2, 5, 3);
        LSTM lstm = new LSTM(Recurrent.Config.of(3, 4).inBothDirections(), rng);
        Tensor zeros = Tensor.zeros(2, 5, 4);
        assertThat(lstm.call(x, zeros, zeros).output().toFloats())
                .isEqualTo(lstm.call(x).output().toFloats());
        assertThatThrownBy(() -> lstm.call(x, Tensor.zeros(2, 1, 4), zeros))
                .hasMessage("recurrent: expects initial hidden states [layers x directions, B, D] = [2, 5, 4],"
                        + " got F32[2, 1, 4]");
        assertThatThrownBy(() -> lstm.call(x, zeros, Tensor.zeros(1, 5, 4)))
                .hasMessageContaining("initial cell states");
        GRU gru = new GRU(Recurrent.Config.of(3, 4).withBatchFirst(), rng);
        assertThatThrownBy(() -> gru.call(x, Tensor.zeros(1, 5, 4)))
                .hasMessageContaining("= [1, 2, 4], got F32[1, 5, 4]");
    }

    @Test
    void batchFirstSwapsTheFirstTwoDimensions() {
        Tensor x = Random.normal(rng, 5, 2, 4);
        LSTM first = new LSTM(Recurrent.Config.of(4, 3).inBothDirections().withBatchFirst(), new Rng(1));
        LSTM last = new LSTM(Recurrent.Config.of(4, 3).inBothDirections(), new Rng(1));
        LSTM.Result swapped = first.call(x.transpose(0, 1));
        LSTM.Result plain = last.call(x);
        assertThat(plain.output().shape()).isEqualTo(Shape.of(5, 2, 6));
        assertThat(swapped.output().transpose(0, 1).toFloats())
                .isEqualTo(plain.output().toFloats());
        assertThat(swapped.hidden().toFloats()).isEqualTo(plain.hidden().toFloats());
        MultiheadAttention.Config config = MultiheadAttention.Config.of(4, 2);
        Tensor attended = new MultiheadAttention(config, new Rng(2)).call(x, null, true);
        MultiheadAttention batched = new MultiheadAttention(config.withBatchFirst(), new Rng(2));
        assertThat(batched.call(x.transpose(0, 1), null, true).transpose(0, 1).toFloats())
                .isEqualTo(attended.toFloats());
        assertThatThrownBy(() -> MultiheadAttention.Config.of(6, 4)).hasMessageContaining("divisible by heads");
    }

    @Test
    void sequentialNamesAndErrors() {
        Layer model = new Sequential(new Linear(3, 2, rng), new ReLU(), new Linear(5, 1, rng));
        assertThat(model.stateDict().keySet()).containsExactly("0.weight", "0.bias", "2.weight", "2.bias");
        assertThatThrownBy(() -> model.call(Tensor.zeros(1, 3)))
                .isInstanceOf(OpException.class)
                .hasMessageStartingWith(
                        "2: linear: expects input [..., I] and weight [O, I] with one I, got F32[1, 2]");
    }

    @Test
    void depthwiseSeparableCountsItsWeights() {
        Layer layer = new DepthwiseSeparableConv2d(8, 16, 3, 2, rng);
        assertThat(layer.parameterCount()).isEqualTo(8 * 9 + 8 * 16);
        assertThat(layer.call(Tensor.zeros(1, 8, 7, 7)).shape().dims()).containsExactly(1, 16, 4, 4);
    }

    @Test
    void initialValuesHavePyTorchsBounds() {
        Conv2d conv = new Conv2d(Conv2d.Config.of(16, 32, 3), rng);
        float[] weight = conv.weight().tensor().toFloats();
        double bound = 1 / Math.sqrt(16 * 9);
        double largest = 0;
        double squares = 0;
        for (float w : weight) {
            largest = Math.max(largest, Math.abs(w));
            squares += w * w;
        }
        assertThat(largest).isBetween(0.99 * bound, bound);
        assertThat(squares / weight.length).isCloseTo(bound * bound / 3, Offset.offset(0.05 * bound * bound));
    }

    @Test
    void otherShapesAndSettingsAreRefusedByName() {
        Tensor x = Random.normal(rng, 2, 4, 3, 3);
        assertThatThrownBy(() -> new InstanceNorm(2).call(x)) // divides 4, so it would be a number of groups
                .isInstanceOf(OpException.class)
                .hasMessageContaining("instance_norm: expects input [N, 2, ...], got F32[2, 4, 3, 3]");
        assertThat(new InstanceNorm(4).call(x).shape()).isEqualTo(x.shape());
        MultiheadAttention attention = new MultiheadAttention(6, 2, rng);
        assertThatThrownBy(() -> attention.call(Tensor.zeros(5, 6), null, false))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("attention: expects query, key and value [T, B, 6], got F32[5, 6]");
        assertThatThrownBy(() -> attention.call(Tensor.zeros(5, 1, 6), Tensor.zeros(5, 1, 4), x, null, false))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("F32[5, 1, 4]");
        assertThatThrownBy(() -> new BatchNorm(0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("channels >= 1");
        assertThatThrownBy(() -> BatchNorm.Config.of(3).withMomentum(2))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("momentum in [0, 1], got 3, 1.0E-5 and 2.0");
    }

    @Test
    void unpoolingRefusesWindowsThatAreNoneAndMapsOfAnotherRank() {
        assertThatThrownBy(() -> new MaxUnpool2d(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("max_unpool2d")
                .hasMessageContaining("got 0, 0 and 0");
        assertThatThrownBy(() -> new MaxUnpool1d(2).call(Tensor.zeros(1, 2, 3, 4), Tensor.zeros(1, 2, 3, 4)))
                .hasMessageContaining("max_unpool1d: expects [N, C, ...] of rank 3");
    }
}
