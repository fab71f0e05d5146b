package dev.retort.distill.method;

import dev.retort.nn.Layer;
import dev.retort.nn.layer.BatchNorm;
import dev.retort.nn.layer.Conv2d;
import dev.retort.nn.layer.LeakyReLU;
import dev.retort.nn.layer.Linear;
import dev.retort.nn.layer.Sequential;
import dev.retort.tensor.Rng;
import dev.retort.tensor.Shape;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;

/// Noise to samples: [N, latent] → [N, …], all values in [low, high].
///
/// ```
/// images:  linear to 2W maps of a quarter of the extent, batch norm
///          twice as large (nearest), 3 x 3 convolution, batch norm, leaky ReLU 0.2          2W maps
///          twice as large (nearest), 3 x 3 convolution, batch norm, leaky ReLU 0.2           W maps
///          3 x 3 convolution, low + (high − low) · sigmoid
/// vectors: linear, batch norm, leaky ReLU 0.2 to 2W and then to W numbers; linear, sigmoid likewise
/// ```
///
/// Extents need not be divisible by four: those on the way are rounded up. This is the network of public
/// code of data-free distillation, after Radford, Metz and Chintala, "Unsupervised representation learning
/// with deep convolutional generative adversarial networks", 2015, arXiv 1511.06434. Papers that end in a
/// batch norm without weights instead assume standardised data; a range serves other data too.
final class SampleGenerator extends Layer {
    private static final double SLOPE = .2;

    private final Shape sample;
    private final double low;
    private final double high;
    private final int latent;
    private final int width;
    private final Linear project;
    private final Sequential first;
    private final Sequential middle;
    private final Sequential last;

    /// @throws IllegalArgumentException if samples are neither images nor vectors
    SampleGenerator(Shape sample, double low, double high, int latent, int width, Rng rng) {
        this.sample = sample;
        this.low = low;
        this.high = high;
        this.latent = latent;
        this.width = width;
        int wide = 2 * width;
        if (sample.rank() == 3) {
            project = child("project", new Linear(latent, wide * quarter(1) * quarter(2), rng));
            first = child("first", new Sequential(new BatchNorm(wide)));
            middle = child("middle", new Sequential(convolution(wide, wide, rng), norm(wide), slope()));
            Conv2d out = new Conv2d(Conv2d.Config.of(width, sample.dim(0), 3).withPadding(1), rng);
            last = child("last", new Sequential(convolution(wide, width, rng), norm(width), slope(), out));
        } else if (sample.rank() == 1) {
            project = child("project", new Linear(latent, wide, rng));
            first = child("first", new Sequential(norm(wide), slope()));
            middle = child("middle", new Sequential(new Linear(wide, width, rng), norm(width), slope()));
            last = child("last", new Sequential(new Linear(width, sample.dim(0), rng)));
        } else {
            throw new IllegalArgumentException(
                    "sample generator: expected images [C, H, W] or vectors [D], got " + sample);
        }
    }

    private static Conv2d convolution(int in, int out, Rng rng) {
        return new Conv2d(Conv2d.Config.of(in, out, 3).withPadding(1).withoutBias(), rng);
    }

    private static BatchNorm norm(int channels) {
        return new BatchNorm(channels);
    }

    private static LeakyReLU slope() {
        return new LeakyReLU(SLOPE);
    }

    private int quarter(int dim) {
        return Math.ceilDiv(sample.dim(dim), 4);
    }

    private int half(int dim) {
        return Math.ceilDiv(sample.dim(dim), 2);
    }

    @Override
    protected Tensor forward(Tensor z) {
        Tensor x = project.call(z);
        if (sample.rank() == 3) {
            x = first.call(x.reshape(z.size(0), 2 * width, quarter(1), quarter(2)));
            x = middle.call(x.interpolate(half(1), half(2), ResampleOp.Mode.NEAREST, false));
            x = last.call(x.interpolate(sample.dim(1), sample.dim(2), ResampleOp.Mode.NEAREST, false));
        } else {
            x = last.call(middle.call(first.call(x)));
        }
        return x.sigmoid().mul(high - low).add(low);
    }

    @Override
    protected String extra() {
        return latent + " -> " + sample + " in [" + low + ", " + high + "]";
    }
}
