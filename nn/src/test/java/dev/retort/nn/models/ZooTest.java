package dev.retort.nn.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.retort.nn.Module;
import dev.retort.nn.init.Init;
import dev.retort.nn.inspect.Summary;
import dev.retort.nn.models.ResNet.Block;
import dev.retort.tensor.OpException;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sizes and names of the models of pictures, as published.
class ZooTest {
    private final Rng rng = new Rng(1);

    /// Trainable numbers of a network, none of which is drawn.
    private static long count(Supplier<Module> network) {
        return Init.skipped(network).parameterCount();
    }

    @ParameterizedTest
    @CsvSource({"18, 11689512", "34, 21797672", "50, 25557032", "101, 44549160", "152, 60192808"})
    void resNetsHaveTheirPublishedSizes(int depth, long parameters) {
        assertThat(count(() -> new ResNet(ResNet.Config.of(depth, 1000), rng))).isEqualTo(parameters);
    }

    @Test
    void variantsOfResNet50HaveTheirPublishedSizes() {
        ResNet.Config config = ResNet.Config.of(50, 1000);
        assertThat(count(() -> new ResNet(config.withPaperBottlenecks(), rng))).isEqualTo(25_557_032);
        assertThat(count(() -> new ResNet(config.withGroups(32, 4), rng)))
                .as("resnext50_32x4d")
                .isEqualTo(25_028_904);
        assertThat(count(() -> new ResNet(config.withGroups(1, 128), rng)))
                .as("wide_resnet50_2")
                .isEqualTo(68_883_240);
    }

    @Test
    void resNetCostsAreThePublishedOnes() {
        // torchvision's tables: 1.814 and 4.089 billion multiply-adds at 224 x 224; a few more for norms and sums
        Tensor x = Tensor.zeros(1, 3, 224, 224);
        assertThat(Summary.of(Init.skipped(() -> new ResNet(ResNet.Config.of(18, 1000), rng)), x)
                        .flops())
                .isBetween(3_628_000_000L, 3_650_000_000L);
        assertThat(Summary.of(Init.skipped(() -> new ResNet(ResNet.Config.of(50, 1000), rng)), x)
                        .flops())
                .isBetween(8_178_000_000L, 8_250_000_000L);
    }

    @Test
    void networksOfTheDistillationLiteratureHaveItsSizes() {
        // Tian, Krishnan and Isola, 2019, for 100 classes, give 2.26, 0.70, 0.57, 1.23, 7.43, 3.97, 9.46, 0.81 and 0.95
        // million; exactly as their networks written in PyTorch count
        assertThat(wide(40, 2)).isEqualTo(2_255_156);
        assertThat(wide(16, 2)).isEqualTo(703_284);
        assertThat(wide(40, 1)).isEqualTo(569_780);
        assertThat(count(() -> new CifarResNet(CifarResNet.Config.wide(8, 100), rng)))
                .isEqualTo(1_233_540);
        assertThat(count(() -> new CifarResNet(CifarResNet.Config.wide(32, 100), rng)))
                .isEqualTo(7_433_860);
        assertThat(count(() -> new CifarVgg(CifarVgg.Config.of(8, 100), rng))).isEqualTo(3_965_028);
        assertThat(count(() -> new CifarVgg(CifarVgg.Config.of(13, 100), rng))).isEqualTo(9_462_180);
        assertThat(count(() -> new CifarMobileNetV2(CifarMobileNetV2.Config.half(100), rng)))
                .isEqualTo(812_836);
        assertThat(count(() -> new ShuffleNetV1(ShuffleNetV1.Config.of(100), rng)))
                .isEqualTo(949_258);
    }

    private long wide(int depth, int widen) {
        return count(() -> new WideResNet(WideResNet.Config.of(depth, widen, 100), rng));
    }

    @Test
    void mobileAndShuffleNetsHaveTorchvisionsSizes() {
        assertThat(count(() -> new MobileNetV2(MobileNetV2.Config.of(1, 1000), rng)))
                .isEqualTo(3_504_872);
        assertThat(shuffle(0.5)).isEqualTo(1_366_792);
        assertThat(shuffle(1)).isEqualTo(2_278_604);
        assertThat(shuffle(1.5)).isEqualTo(3_503_624);
        assertThat(shuffle(2)).isEqualTo(7_393_996);
        assertThatThrownBy(() -> ShuffleNetV2.Config.of(3, 10)).hasMessageContaining("expects width 0.5, 1, 1.5 or 2");
        // torchvision's table: 0.301 billion multiply-adds at 224 x 224
        assertThat(Summary.of(
                                Init.skipped(() -> new MobileNetV2(MobileNetV2.Config.of(1, 1000), rng)),
                                Tensor.zeros(1, 3, 224, 224))
                        .flops())
                .isBetween(601_000_000L, 640_000_000L);
    }

    private long shuffle(double width) {
        return count(() -> new ShuffleNetV2(ShuffleNetV2.Config.of(width, 1000), rng));
    }

    @Test
    void vggFeaturesHaveTheirPublishedSizes() {
        // without the linear layers, as published with Keras; they add 123,642,856 for 1,000 classes
        assertThat(features(16)).isEqualTo(14_714_688);
        assertThat(features(19)).isEqualTo(20_024_384);
        long hidden = 512L * 49 * 4096 + 4096 + 4096L * 4096 + 4096 + 4096L * 1000 + 1000;
        assertThat(features(16) + hidden).as("VGG-16").isEqualTo(138_357_544);
    }

    private long features(int depth) {
        Vgg vgg = Init.skipped(() -> new Vgg(Vgg.Config.of(depth, 10).withWidths(1, 64, 128, 256, 512, 512), rng));
        return vgg.module("features").parameterCount();
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
