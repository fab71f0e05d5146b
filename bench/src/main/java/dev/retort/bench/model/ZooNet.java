package dev.retort.bench.model;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.models.CifarMobileNetV2;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.CifarVgg;
import dev.retort.nn.models.MobileNetV2;
import dev.retort.nn.models.PreActResNet;
import dev.retort.nn.models.ResNet;
import dev.retort.nn.models.ShuffleNetV1;
import dev.retort.nn.models.ShuffleNetV2;
import dev.retort.nn.models.WideResNet;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.tensor.Rng;

/// The networks with fixed sizes that have a name: those of ImageNet and of the distillation literature.
///
/// ImageNet's ResNets and ShuffleNetV2 have a stem that keeps the size of pictures below 96 x 96.
public enum ZooNet {
    /// See [ResNet].
    RESNET_18("resnet18", 11_100_000),
    /// See [ResNet].
    RESNET_34("resnet34", 21_200_000),
    /// See [ResNet].
    RESNET_50("resnet50", 23_400_000),
    /// See [ResNet].
    RESNET_101("resnet101", 42_400_000),
    /// See [ResNet].
    RESNET_152("resnet152", 58_000_000),
    /// See [PreActResNet].
    PREACT_RESNET_18("preactresnet18", 11_100_000),
    /// See [CifarResNet].
    RESNET_8X4("resnet8x4", 1_200_000),
    /// See [CifarResNet].
    RESNET_32X4("resnet32x4", 7_400_000),
    /// See [WideResNet].
    WRN_16_2("wrn-16-2", 690_000),
    /// See [WideResNet].
    WRN_40_1("wrn-40-1", 560_000),
    /// See [WideResNet].
    WRN_40_2("wrn-40-2", 2_230_000),
    /// See [CifarVgg].
    VGG_8("vgg8", 3_900_000),
    /// See [CifarVgg].
    VGG_13("vgg13", 9_400_000),
    /// See [MobileNetV2].
    MOBILENET_V2("mobilenetv2", 2_200_000),
    /// See [CifarMobileNetV2].
    MOBILENET_V2_HALF("mobilenetv2-half", 680_000),
    /// See [ShuffleNetV1].
    SHUFFLENET_V1("shufflenetv1", 850_000),
    /// See [ShuffleNetV2].
    SHUFFLENET_V2("shufflenetv2", 1_200_000);

    private static final int LARGE = 96;

    private final String text;
    private final long leastWeights;

    ZooNet(String text, long leastWeights) {
        this.text = text;
        this.leastWeights = leastWeights;
    }

    /// A number of weights that it has at least: those before the classifier, rounded down.
    long leastWeights() {
        return leastWeights;
    }

    /// Whether it adds to a stream, so that connections can be exchanged.
    public boolean hasResiduals() {
        return switch (this) {
            case VGG_8, VGG_13, SHUFFLENET_V2 -> false;
            default -> true;
        };
    }

    Layer create(ImageShape input, int classes, ResidualSpec residual, Rng rng) {
        int in = input.channels();
        boolean small = Math.min(input.height(), input.width()) < LARGE;
        return switch (this) {
            case RESNET_18, RESNET_34, RESNET_50, RESNET_101, RESNET_152 -> {
                int depth = Integer.parseInt(text.substring("resnet".length()));
                yield new ResNet(resNet(depth, in, classes, small).withResidual(residual), rng);
            }
            case PREACT_RESNET_18 ->
                new PreActResNet(resNet(18, in, classes, small).withResidual(residual), rng);
            case RESNET_8X4 -> new CifarResNet(wide(8, in, classes).withResidual(residual), rng);
            case RESNET_32X4 -> new CifarResNet(wide(32, in, classes).withResidual(residual), rng);
            case WRN_16_2 -> wrn(16, 2, in, classes, residual, rng);
            case WRN_40_1 -> wrn(40, 1, in, classes, residual, rng);
            case WRN_40_2 -> wrn(40, 2, in, classes, residual, rng);
            case VGG_8 -> new CifarVgg(CifarVgg.Config.of(8, classes).withInputChannels(in), rng);
            case VGG_13 -> new CifarVgg(CifarVgg.Config.of(13, classes).withInputChannels(in), rng);
            case MOBILENET_V2 ->
                new MobileNetV2(
                        MobileNetV2.Config.of(1, classes).withInputChannels(in).withResidual(residual), rng);
            case MOBILENET_V2_HALF ->
                new CifarMobileNetV2(
                        CifarMobileNetV2.Config.half(classes)
                                .withInputChannels(in)
                                .withResidual(residual),
                        rng);
            case SHUFFLENET_V1 ->
                new ShuffleNetV1(
                        ShuffleNetV1.Config.of(classes).withInputChannels(in).withResidual(residual), rng);
            case SHUFFLENET_V2 -> {
                ShuffleNetV2.Config config = ShuffleNetV2.Config.of(1, classes).withInputChannels(in);
                yield new ShuffleNetV2(small ? config.withSmallStem() : config, rng);
            }
        };
    }

    private static ResNet.Config resNet(int depth, int in, int classes, boolean small) {
        return ResNet.Config.of(depth, classes)
                .withInputChannels(in)
                .withStem(small ? ResNet.Stem.SMALL : ResNet.Stem.LARGE);
    }

    private static CifarResNet.Config wide(int depth, int in, int classes) {
        return CifarResNet.Config.wide(depth, classes).withInputChannels(in);
    }

    private static Layer wrn(int depth, int widen, int in, int classes, ResidualSpec residual, Rng rng) {
        return new WideResNet(
                WideResNet.Config.of(depth, widen, classes)
                        .withInputChannels(in)
                        .withResidual(residual),
                rng);
    }

    Tap middle() {
        return switch (this) {
            case RESNET_18,
                    RESNET_34,
                    RESNET_50,
                    RESNET_101,
                    RESNET_152,
                    PREACT_RESNET_18,
                    RESNET_8X4,
                    RESNET_32X4,
                    SHUFFLENET_V1 -> Tap.output("layer2");
            case WRN_16_2, WRN_40_1, WRN_40_2 -> Tap.output("block2");
            case VGG_8, VGG_13 -> Tap.output("relu2");
            case MOBILENET_V2 -> Tap.output("features.6");
            case MOBILENET_V2_HALF -> Tap.output("blocks.3");
            case SHUFFLENET_V2 -> Tap.output("stage3");
        };
    }

    Tap last() {
        return switch (this) {
            case RESNET_18,
                    RESNET_34,
                    RESNET_50,
                    RESNET_101,
                    RESNET_152,
                    PREACT_RESNET_18,
                    RESNET_8X4,
                    RESNET_32X4,
                    WRN_16_2,
                    WRN_40_1,
                    WRN_40_2,
                    SHUFFLENET_V2 -> Tap.input("fc");
            case VGG_8, VGG_13, MOBILENET_V2, MOBILENET_V2_HALF -> Tap.input("classifier");
            case SHUFFLENET_V1 -> Tap.input("linear");
        };
    }

    /// The name on command lines.
    @Override
    public String toString() {
        return text;
    }
}
