package dev.retort.nn.parametrize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.autograd.GradCheck;
import dev.retort.nn.Parametrization;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.optim.SGD;
import dev.retort.tensor.DType;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ParametrizeTest {
    private final Rng rng = new Rng(1);
    private final Linear layer = new Linear(6, 4, rng);
    private final Tensor x = Random.normal(rng, 5, 6);

    private void step() {
        layer.zeroGrad();
        layer.call(x).square().sum().backward();
        new SGD(layer.namedParameters(), SGD.Config.of(0.01)).step();
    }

    @Test
    void maskedWeightsStayZeroWhileTheRestTrains() {
        layer.weight().parametrize(Mask.byMagnitude(layer.weight().tensor(), 0.75));
        float[] mask =
                ((Mask) layer.weight().parametrizations().getFirst()).mask().toFloats();
        float[] start = layer.weight().tensor().toFloats();
        step();
        float[] stored = layer.weight().tensor().toFloats();
        float[] value = layer.weight().value().toFloats();
        int kept = 0;
        for (int i = 0; i < mask.length; i++) {
            kept += (int) mask[i];
            assertThat(value[i] == 0).isEqualTo(mask[i] == 0);
            assertThat(stored[i] == start[i]).as("no gradient where masked").isEqualTo(mask[i] == 0);
        }
        assertThat(kept).isEqualTo(6);
        assertThat(layer.stateDict().keySet()).containsExactly("weight", "bias", "weight_mask");
    }

    @Test
    void spectralNormMakesTheLargestSingularValueOne() {
        SpectralNorm norm = new SpectralNorm(layer.weight().tensor(), rng);
        norm.iterate(layer.weight().tensor(), 200);
        layer.weight().parametrize(norm);
        assertThat(layer.weight().value().svd().s().get(0)).isCloseTo(1, Offset.offset(1e-4));
        assertThat(layer.stateDict().keySet()).containsExactly("weight", "bias", "weight_u", "weight_v");
        step();
        norm.iterate(layer.weight().tensor(), 50);
        assertThat(layer.weight().value().svd().s().get(0)).isCloseTo(1, Offset.offset(1e-3));
        Tensor weight = Random.normal(rng, 0, 1, DType.F64, 3, 2, 2);
        SpectralNorm fixed = new SpectralNorm(weight, rng);
        GradCheck.defaults()
                .firstOrder("spectral", in -> new Tensor[] {fixed.value(in[0])}, weight)
                .verify();
        assertThatThrownBy(() -> new SpectralNorm(Tensor.ones(3), rng)).isInstanceOf(OpException.class);
    }

    @Test
    void bakingKeepsTheFunctionAndDropsTheView() {
        layer.weight().parametrize(Mask.byMagnitude(layer.weight().tensor(), 0.5));
        float[] before = layer.call(x).toFloats();
        layer.weight().bake();
        assertThat(layer.call(x).toFloats()).isEqualTo(before);
        assertThat(layer.stateDict().keySet()).containsExactly("weight", "bias");
        assertThat(layer.weight().tensor().eq(0).to(DType.I64).sum().item()).isEqualTo(12);
    }

    @Test
    void lowRankOfFullRankIsTheWeightAndTrainsItsFactors() {
        Tensor weight = layer.weight().tensor().detach().copy();
        layer.weight().parametrize(LowRank.factorize(weight, 4));
        assertThat(layer.weight().value().sub(weight).abs().amax().item()).isLessThan(1e-5);
        Linear other = new Linear(6, 4, rng);
        other.weight().set(weight);
        other.weight().parametrize(LowRank.factorize(weight, 2));
        double truncated = other.weight().value().sub(weight).square().sum().item();
        Tensor s = weight.to(DType.F64).svd().s();
        double dropped = s.narrow(0, 2, 2).square().sum().item();
        assertThat(truncated).as("Eckart and Young").isCloseTo(dropped, Offset.offset(1e-5));
        float[] u = layer.namedParameters().get("weight_u").tensor().toFloats();
        step();
        assertThat(layer.namedParameters().get("weight_u").tensor().toFloats()).isNotEqualTo(u);
        assertThat(layer.weight().tensor().toFloats()).as("not read any more").isEqualTo(weight.toFloats());
        assertThatThrownBy(() -> LowRank.factorize(weight, 5))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("a rank in [1, 4], got 5");
    }

    @Test
    void lowRankUpdatesStartAtTheFrozenWeight() {
        layer.freeze();
        Tensor before = layer.call(x);
        layer.weight().parametrize(LowRank.update(Tensor.zeros(4, 2), Random.normal(rng, 2, 6), 0.5));
        assertThat(layer.call(x).toFloats()).isEqualTo(before.toFloats());
        layer.call(x).sum().backward();
        assertThat(layer.namedParameters().get("weight_u").grad()).isNotNull();
        assertThat(layer.weight().grad()).isNull();
        assertThat(layer.trainableParameterCount()).isEqualTo(8 + 12);
    }

    @Test
    void quantizedWeightsTakeFewValuesAndLetGradientsPass() {
        layer.weight().parametrize(Quantized.perTensor(layer.weight().tensor(), 3));
        Tensor value = layer.weight().value();
        double scale = layer.weight().tensor().abs().amax().item() / 3;
        for (float v : value.toFloats()) {
            assertThat(v / scale).isCloseTo(Math.rint(v / scale), Offset.offset(1e-4));
            assertThat(Math.abs(v / scale)).isLessThanOrEqualTo(3.0001);
        }
        value.sum().backward();
        assertThat(layer.weight().grad().toFloats()).containsOnly(1);
        Linear channels = new Linear(6, 4, rng);
        channels.weight().parametrize(Quantized.perChannel(channels.weight().tensor(), 8));
        assertThat(channels.stateDict().get("weight_scale").shape().dims()).containsExactly(4, 1);
        assertThatThrownBy(() -> Quantized.perTensor(value, 9)).hasMessageContaining("bits in [2, 8], got 9");
    }

    @Test
    void weightNormSeparatesLengthFromDirection() {
        float[] before = layer.call(x).toFloats();
        layer.weight().parametrize(new WeightNorm(layer.weight().tensor()));
        float[] after = layer.call(x).toFloats();
        assertThat(after).containsExactly(before, Offset.offset(1e-6f));
        layer.weight().set(layer.weight().tensor().detach().mul(7.0));
        assertThat(layer.call(x).toFloats())
                .as("the direction's length does not matter")
                .containsExactly(before, Offset.offset(1e-5f));
        layer.call(x).sum().backward();
        Tensor along =
                layer.weight().grad().mul(layer.weight().tensor().detach()).sum(1);
        assertThat(along.abs().amax().item())
                .as("gradient across the direction only")
                .isLessThan(1e-4);
    }

    @Test
    void viewsMustKeepTheShape() {
        Parametrization wrong = new Parametrization() {
            @Override
            public Tensor value(Tensor original) {
                return original.sum();
            }

            @Override
            public String name() {
                return "sum";
            }
        };
        assertThatThrownBy(() -> layer.weight().parametrize(wrong))
                .isInstanceOf(OpException.class)
                .hasMessage("parametrize: expects a view that keeps the type F32[4, 6], got F32[] from sum");
        assertThat(layer.weight().parametrizations()).isEmpty();
    }

    @Test
    void viewsStackAndStatesGoFromOneModelToAnother() {
        Linear twin = new Linear(6, 4, rng);
        for (Linear one : new Linear[] {layer, twin}) {
            one.weight().parametrize(Mask.byMagnitude(one.weight().tensor(), 0.5));
            one.weight().parametrize(Quantized.perTensor(one.weight().value(), 4));
        }
        twin.loadStateDict(layer.stateDict());
        assertThat(twin.call(x).toFloats()).isEqualTo(layer.call(x).toFloats());
        twin.to(DType.F64);
        assertThat(twin.stateDict().get("weight_mask").dtype()).isEqualTo(DType.F64);
    }
}
