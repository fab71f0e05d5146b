package dev.retort.nn.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.inspect.Summary;
import dev.retort.nn.models.ResNet.Block;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sizes and names of the models of pictures, as published.
class ZooTest {
    private final Rng rng = new Rng(1);

    @ParameterizedTest
    @CsvSource({"18, 11689512", "34, 21797672", "50, 25557032", "101, 44549160", "152, 60192808"})
    void resNetsHaveTheirPublishedSizes(int depth, long parameters) {
        assertThat(new ResNet(ResNet.Config.of(depth, 1000), rng).parameterCount())
                .isEqualTo(parameters);
    }

    @Test
    void variantsOfResNet50HaveTheirPublishedSizes() {
        ResNet.Config config = ResNet.Config.of(50, 1000);
        assertThat(new ResNet(config.withPaperBottlenecks(), rng).parameterCount())
                .isEqualTo(25_557_032);
        assertThat(new ResNet(config.withGroups(32, 4), rng).parameterCount())
                .as("resnext50_32x4d")
                .isEqualTo(25_028_904);
        assertThat(new ResNet(config.withGroups(1, 128), rng).parameterCount())
                .as("wide_resnet50_2")
                .isEqualTo(68_883_240);
    }

    @Test
    void resNetCostsAreThePublishedOnes() {
        // torchvision's tables: 1.814 and 4.089 billion multiply-adds at 224 x 224; a few more for norms and sums
        Tensor x = Tensor.zeros(1, 3, 224, 224);
        assertThat(Summary.of(new ResNet(ResNet.Config.of(18, 1000), rng), x).flops())
                .isBetween(3_628_000_000L, 3_650_000_000L);
        assertThat(Summary.of(new ResNet(ResNet.Config.of(50, 1000), rng), x).flops())
                .isBetween(8_178_000_000L, 8_250_000_000L);
    }

    @Test
    void namesAreTorchvisions() {
        ResNet model =
                new ResNet(ResNet.Config.of(Block.BOTTLENECK, 10, 1, 1, 1, 1).withWidth(8), rng);
        assertThat(model.stateDict().keySet())
                .startsWith("conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean")
                .contains(
                        "layer1.0.conv3.weight",
                        "layer1.0.bn3.running_var",
                        "layer1.0.downsample.0.weight",
                        "layer4.0.downsample.1.bias",
                        "fc.weight",
                        "fc.bias")
                .noneMatch(name -> name.contains("residual") || name.contains("relu"));
    }

    @Test
    void impossibleConfigurationsAreRefused() {
        assertThatThrownBy(() -> ResNet.Config.of(20, 10))
                .isInstanceOf(OpException.class)
                .hasMessage("resnet: expects depth 18, 34, 50, 101 or 152, got 20");
        assertThatThrownBy(() -> ResNet.Config.of(18, 10).withGroups(2, 64)).hasMessageContaining("need bottlenecks");
        assertThatThrownBy(() -> ResNet.Config.of(Block.BASIC, 10, 1, 2)).hasMessageContaining("four positive numbers");
    }
}
