package dev.retort.bench.peers.duel;

import dev.retort.bench.peers.duel.Contest.Contestants;
import dev.retort.tensor.Random;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ConvOp;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/// Convolutions without bias, forward and with the gradients of input and weight (the stem: of the
/// weight only, since nobody asks for the gradient of an image).
final class ConvRows {
    /// One layer on square maps.
    private record Layer(String name, int batch, int in, int out, int extent, int kernel, int stride, int groups) {
        ConvOp.Geometry geometry() {
            return ConvOp.Geometry.of(stride, kernel / 2, 1, groups);
        }

        int outExtent() {
            return geometry().outH(extent, kernel);
        }

        double flops() {
            return 2.0 * batch * out * outExtent() * outExtent() * (in / groups) * kernel * kernel;
        }

        double bytes() {
            return 4.0
                    * ((double) batch * in * extent * extent
                            + (double) batch * out * outExtent() * outExtent()
                            + (double) out * in / groups * kernel * kernel);
        }
    }

    private ConvRows() {}

    static List<Contest> all() {
        List<Layer> layers = List.of(
                new Layer("conv 3x3 64-64 @56 b16", 16, 64, 64, 56, 3, 1, 1),
                new Layer("conv 3x3 128-128 @28 b16", 16, 128, 128, 28, 3, 1, 1),
                new Layer("conv 3x3 256-256 @14 b16", 16, 256, 256, 14, 3, 1, 1),
                new Layer("conv 3x3 512-512 @7 b16", 16, 512, 512, 7, 3, 1, 1),
                new Layer("conv 3x3/2 128-128 @56 b16", 16, 128, 128, 56, 3, 2, 1),
                new Layer("conv 1x1 64-256 @56 b8", 8, 64, 256, 56, 1, 1, 1),
                new Layer("conv 1x1 512-128 @28 b8", 8, 512, 128, 28, 1, 1, 1),
                new Layer("conv 1x1 256-1024 @14 b8", 8, 256, 1024, 14, 1, 1, 1),
                new Layer("conv 3x3 16-16 @32 b128", 128, 16, 16, 32, 3, 1, 1),
                new Layer("conv 3x3 32-32 @16 b128", 128, 32, 32, 16, 3, 1, 1),
                new Layer("conv 3x3 64-64 @8 b128", 128, 64, 64, 8, 3, 1, 1),
                new Layer("stem 7x7/2 3-64 @224 b16", 16, 3, 64, 224, 7, 2, 1),
                new Layer("depthwise 3x3 144 @56 b16", 16, 144, 144, 56, 3, 1, 144),
                new Layer("depthwise 5x5/2 240 @28 b16", 16, 240, 240, 28, 5, 2, 240));
        List<Contest> rows = new ArrayList<>();
        for (Layer layer : layers) {
            boolean stem = layer.name.startsWith("stem");
            boolean quick = stem || layer.extent == 56 && layer.stride == 1 && layer.kernel == 3;
            rows.add(new Contest(
                    layer.name + " forward", layer.flops(), layer.bytes(), 1e-3, stem, () -> forward(layer)));
            int passes = layer.in == 3 ? 2 : 3;
            rows.add(new Contest(
                    layer.name + " forward+backward",
                    passes * layer.flops(),
                    passes * layer.bytes(),
                    1e-3,
                    quick && !stem,
                    () -> backward(layer)));
        }
        return rows;
    }

    /// The tensors of a layer on both sides.
    private static final class Data {
        final Tensor input;
        final Tensor weight;
        final Tensor gradient;

        Data(Layer layer) {
            Rng rng = new Rng(1);
            input = Random.normal(rng, layer.batch, layer.in, layer.extent, layer.extent);
            weight = Random.normal(rng, layer.out, layer.in / layer.groups, layer.kernel, layer.kernel);
            gradient = Random.normal(rng, layer.batch, layer.out, layer.outExtent(), layer.outExtent());
        }
    }

    private static Contestants forward(Layer layer) {
        Data data = new Data(layer);
        org.bytedeco.pytorch.Tensor x = Torch.of(data.input);
        org.bytedeco.pytorch.Tensor w = Torch.of(data.weight);
        org.bytedeco.pytorch.Tensor lastX = Torch.channelsLast(x);
        org.bytedeco.pytorch.Tensor lastW = Torch.channelsLast(w);
        return new Contestants(
                Sides.giving(() -> data.input.conv2d(data.weight, null, layer.geometry())),
                List.of(
                        Torch.side(Torch.NAME, () -> conv(layer, x, w)),
                        Torch.side(Torch.CHANNELS_LAST, () -> conv(layer, lastX, lastW))));
    }

    private static org.bytedeco.pytorch.Tensor conv(
            Layer layer, org.bytedeco.pytorch.Tensor x, org.bytedeco.pytorch.Tensor w) {
        long[] stride = {layer.stride, layer.stride};
        long[] padding = {layer.kernel / 2, layer.kernel / 2};
        return torch.conv2d(x, w, Torch.none(), stride, padding, new long[] {1, 1}, layer.groups);
    }

    private static Contestants backward(Layer layer) {
        Data data = new Data(layer);
        boolean inputToo = layer.in != 3;
        Tensor x = data.input.detach().requiresGrad(inputToo);
        Tensor w = data.weight.detach().requiresGrad(true);
        Side retort = Sides.recorded(
                () -> x.conv2d(w, null, layer.geometry()), data.gradient, inputToo ? List.of(x, w) : List.of(w));
        return new Contestants(retort, List.of(peer(layer, data, inputToo, false), peer(layer, data, inputToo, true)));
    }

    private static Side peer(Layer layer, Data data, boolean inputToo, boolean channelsLast) {
        org.bytedeco.pytorch.Tensor x =
                placed(Torch.of(data.input), channelsLast).set_requires_grad(inputToo);
        org.bytedeco.pytorch.Tensor w =
                placed(Torch.of(data.weight), channelsLast).set_requires_grad(true);
        org.bytedeco.pytorch.Tensor g = placed(Torch.of(data.gradient), channelsLast);
        return Torch.recorded(
                channelsLast ? Torch.CHANNELS_LAST : Torch.NAME,
                () -> Torch.backward(conv(layer, x, w), g),
                inputToo ? List.of(x, w) : List.of(w));
    }

    private static org.bytedeco.pytorch.Tensor placed(org.bytedeco.pytorch.Tensor tensor, boolean channelsLast) {
        return channelsLast ? Torch.channelsLast(tensor) : tensor;
    }
}
