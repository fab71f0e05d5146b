package dev.retort.bench.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Layer;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSpecTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cnn:4,8",
                "resnet8:4,8,16",
                "resnet14:4,4,4",
                "mlp:32",
                "mlp:32,16",
                "resnet8:4,8,16@laurel-rw+lr:rank=2",
                "resnet18@laurel-rw",
                "resnet8x4@hyper-static:lanes=2",
                "wrn-16-2@laurel-pa",
                "wrn-40-1",
                "vgg8",
                "mobilenetv2-half@rezero",
                "shufflenetv1@laurel-rw",
                "shufflenetv2",
                "preactresnet18",
                "mobilenetv2"
            })
    void readsWhatItWritesAndMakesAWorkingModel(String text) {
        ModelSpec spec = ModelSpec.parse(text);
        Layer model = spec.create(new ImageShape(1, 28, 28), 7, new Rng(1));

        assertThat(spec).hasToString(text);
        assertThat(spec.leastWeights(new ImageShape(1, 28, 28))).isBetween(1L, model.parameterCount());
        assertThat(model.call(Tensor.zeros(2, 1, 28, 28)).shape().dims()).containsExactly(2, 7);
        assertThat(model.modules())
                .containsKeys(spec.middle().path(), spec.last().path());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "cnn",
                "cnn:",
                "cnn:0",
                "cnn:-4",
                "cnn8:4",
                "resnet:4,8,16",
                "resnet8:4,8",
                "mlp:x",
                "mlp:1,,2"
            })
    void saysWhatItExpects(String text) {
        assertThatThrownBy(() -> ModelSpec.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("model: expects cnn:WIDTHS, resnetDEPTH:W1,W2,W3 or mlp:WIDTHS")
                .hasMessageContaining("'" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cnn:4@rezero", "vgg8@laurel-rw", "mlp:8@laurel-rw", "shufflenetv2@highway"})
    void modelsWithoutStreamsHaveNoOtherConnections(String text) {
        assertThatThrownBy(() -> ModelSpec.parse(text)).hasMessageContaining("has no residual connections");
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet9:4,8,16"})
    void aDepthThatDoesNotExistIsNamed(String text) {
        ModelSpec spec = ModelSpec.parse(text);

        assertThatThrownBy(() -> spec.create(new ImageShape(1, 28, 28), 10, new Rng(1)))
                .hasMessageContaining("expects depth 6n + 2");
    }
}
