package dev.retort.bench.model;

import dev.retort.distill.feature.Tap;
import dev.retort.nn.Layer;
import dev.retort.nn.models.CifarResNet;
import dev.retort.nn.models.Mlp;
import dev.retort.nn.models.SmallCnn;
import dev.retort.nn.residual.ResidualSpec;
import dev.retort.tensor.Rng;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A model by name, as command lines and model cards write it: `cnn:16,32,64`, `resnet8:16,32,64`,
/// `mlp:256,128`, or a network of [ZooNet] such as `wrn-16-2`; with other residual connections
/// `resnet8:16,32,64@laurel-rw`.
public sealed interface ModelSpec extends FeatureSites {
    /// The model with random weights.
    Layer create(ImageShape input, int classes, Rng rng);

    /// A number of weights that the model has at least, without making it.
    long leastWeights(ImageShape input);

    /// The same with other residual connections.
    ///
    /// @throws IllegalArgumentException if the model has none
    default ModelSpec withResidual(ResidualSpec other) {
        if (other.equals(new ResidualSpec.Plain())) {
            return this;
        }
        throw new IllegalArgumentException("model: " + this + " has no residual connections, got " + other);
    }

    /// Stages of 3 x 3 convolution, batch norm and ReLU with pooling between; see [SmallCnn].
    ///
    /// @param widths channels of the stages
    record Cnn(List<Integer> widths) implements ModelSpec {
        @Override
        public Layer create(ImageShape input, int classes, Rng rng) {
            return new SmallCnn(new SmallCnn.Config(input.channels(), widths, classes), rng);
        }

        @Override
        public long leastWeights(ImageShape input) {
            return 9 * chain(input.channels(), widths);
        }

        @Override
        public Tap middle() {
            return Tap.output("body.stage" + (widths.size() + 1) / 2);
        }

        @Override
        public boolean hasMaps() {
            return true;
        }

        @Override
        public Tap last() {
            return Tap.input("linear");
        }

        @Override
        public String toString() {
            return "cnn:" + join(widths);
        }
    }

    /// A residual network of depth 6n + 2 with projection shortcuts; see [CifarResNet].
    ///
    /// @param depth    6n + 2
    /// @param widths   channels of the three stages
    /// @param residual how blocks join the stream
    record ResNet(int depth, List<Integer> widths, ResidualSpec residual) implements ModelSpec {
        @Override
        public Layer create(ImageShape input, int classes, Rng rng) {
            return new CifarResNet(
                    CifarResNet.Config.of(depth, classes)
                            .withInputChannels(input.channels())
                            .withWidths(widths.getFirst(), widths.toArray(Integer[]::new))
                            .withShortcut(CifarResNet.Shortcut.PROJECTION)
                            .withResidual(residual),
                    rng);
        }

        @Override
        public ModelSpec withResidual(ResidualSpec other) {
            return new ResNet(depth, widths, other);
        }

        @Override
        public long leastWeights(ImageShape input) {
            long inBlocks =
                    widths.stream().mapToLong(width -> (long) width * width).sum();
            return 9 * (chain(input.channels(), widths) + inBlocks * ((depth - 2) / 3 - 2));
        }

        @Override
        public Tap middle() {
            return Tap.output("layer2");
        }

        @Override
        public boolean hasMaps() {
            return true;
        }

        @Override
        public Tap last() {
            return Tap.input("linear");
        }

        @Override
        public String toString() {
            return "resnet" + depth + ":" + join(widths) + suffix(residual);
        }
    }

    /// Linear layers with ReLU between.
    ///
    /// @param hidden widths of the hidden layers
    record Perceptron(List<Integer> hidden) implements ModelSpec {
        @Override
        public Layer create(ImageShape input, int classes, Rng rng) {
            return new Mlp(new Mlp.Config(input.numel(), hidden, classes, 0), rng);
        }

        @Override
        public long leastWeights(ImageShape input) {
            return chain(input.numel(), hidden);
        }

        @Override
        public Tap middle() {
            return Tap.output("layers.relu" + (hidden.size() + 1) / 2);
        }

        @Override
        public Tap last() {
            return Tap.output("layers.relu" + hidden.size());
        }

        @Override
        public String toString() {
            return "mlp:" + join(hidden);
        }
    }

    /// Entries of the matrices that lead from `in` features through the widths.
    private static long chain(int in, List<Integer> widths) {
        long sum = 0;
        long before = in;
        for (int width : widths) {
            sum += before * width;
            before = width;
        }
        return sum;
    }

    /// A network of fixed sizes.
    ///
    /// @param net      which
    /// @param residual how blocks join the stream
    record OfZoo(ZooNet net, ResidualSpec residual) implements ModelSpec {
        @Override
        public Layer create(ImageShape input, int classes, Rng rng) {
            return net.create(input, classes, residual, rng);
        }

        @Override
        public long leastWeights(ImageShape input) {
            return net.leastWeights();
        }

        @Override
        public ModelSpec withResidual(ResidualSpec other) {
            return net.hasResiduals() ? new OfZoo(net, other) : ModelSpec.super.withResidual(other);
        }

        @Override
        public Tap middle() {
            return net.middle();
        }

        @Override
        public boolean hasMaps() {
            return true;
        }

        @Override
        public Tap last() {
            return net.last();
        }

        @Override
        public String toString() {
            return net + suffix(residual);
        }
    }

    private static String suffix(ResidualSpec residual) {
        return residual instanceof ResidualSpec.Plain ? "" : "@" + residual;
    }

    private static String join(List<Integer> widths) {
        return widths.stream().map(String::valueOf).collect(Collectors.joining(","));
    }

    /// Reads `cnn:16,32,64`, `resnet8:16,32,64`, `mlp:256,128` or a name of [ZooNet], and after an `@`
    /// perhaps residual connections as [ResidualSpec#parse] does.
    ///
    /// @throws IllegalArgumentException if the text is none of these
    static ModelSpec parse(String text) {
        int at = text.indexOf('@');
        ModelSpec plain = model(at < 0 ? text : text.substring(0, at));
        return at < 0 ? plain : plain.withResidual(ResidualSpec.parse(text.substring(at + 1)));
    }

    private static ModelSpec model(String text) {
        for (ZooNet net : ZooNet.values()) {
            if (net.toString().equals(text)) {
                return new OfZoo(net, new ResidualSpec.Plain());
            }
        }
        Matcher matcher = Pattern.compile("(cnn|mlp|resnet)(\\d*):(\\d{1,5}(?:,\\d{1,5})*)")
                .matcher(text);
        if (matcher.matches()) {
            List<Integer> widths = Arrays.stream(matcher.group(3).split(","))
                    .map(Integer::valueOf)
                    .toList();
            boolean depth = !matcher.group(2).isEmpty();
            boolean positive = widths.stream().allMatch(width -> width > 0);
            String kind = matcher.group(1);
            if (positive && kind.equals("cnn") && !depth) {
                return new Cnn(widths);
            }
            if (positive && kind.equals("mlp") && !depth) {
                return new Perceptron(widths);
            }
            if (positive && kind.equals("resnet") && depth && matcher.group(2).length() < 5 && widths.size() == 3) {
                return new ResNet(Integer.parseInt(matcher.group(2)), widths, new ResidualSpec.Plain());
            }
        }
        String zoo = Arrays.stream(ZooNet.values()).map(ZooNet::toString).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("model: expects cnn:WIDTHS, resnetDEPTH:W1,W2,W3 or mlp:WIDTHS, such as"
                + " cnn:16,32,64 or resnet8:16,32,64, or one of " + zoo + "; got '" + text + "'");
    }
}
