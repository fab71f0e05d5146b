package dev.retort.nn.data;

import dev.retort.tensor.OpException;
import dev.retort.tensor.Tensor;
import dev.retort.tensor.op.ResampleOp;

/// Gives images of any size and colour one shape, so that two image sets can be used together.
///
/// ```
/// colour → grey:  0.299 R + 0.587 G + 0.114 B
/// grey → colour:  the same value in all channels
/// size:           smaller by whole numbers: mean of the blocks; otherwise bilinear between pixel centres
/// ```
///
/// Shrinking by a factor that is no whole number averages down to the next whole factor first, so that no
/// pixel is skipped. Aspect ratio is not kept. Luminance weights: ITU-R BT.601.
///
/// @param channels 1 or 3
/// @param height   in pixels
/// @param width    in pixels
public record FitImage(int channels, int height, int width) {
    private static final double[] LUMINANCE = {0.299, 0.587, 0.114};

    /// Checks the ranges.
    ///
    /// @throws OpException if an extent is not positive or there are not 1 or 3 channels
    public FitImage {
        if ((channels != 1 && channels != 3) || height < 1 || width < 1) {
            throw new OpException("fit image: expects 1 or 3 channels and positive extents, got " + channels + " x "
                    + height + " x " + width);
        }
    }

    /// The image in the wanted shape; itself if it has that already.
    ///
    /// @param image [1 or 3, H, W]
    /// @throws OpException if it has another shape
    public Tensor apply(Tensor image) {
        if (image.rank() != 3 || (image.size(0) != 1 && image.size(0) != 3)) {
            throw new OpException("fit image: expects [1, H, W] or [3, H, W], got " + image.shape());
        }
        return resized(coloured(image));
    }

    private Tensor coloured(Tensor image) {
        if (image.size(0) == channels) {
            return image;
        }
        if (channels == 3) {
            return Tensor.cat(0, image, image, image);
        }
        Tensor grey = image.narrow(0, 0, 1).mul(LUMINANCE[0]);
        for (int channel = 1; channel < LUMINANCE.length; channel++) {
            grey = grey.add(image.narrow(0, channel, 1).mul(LUMINANCE[channel]));
        }
        return grey;
    }

    private Tensor resized(Tensor image) {
        if (image.size(1) == height && image.size(2) == width) {
            return image;
        }
        int down = Math.max(1, image.size(1) / height);
        int across = Math.max(1, image.size(2) / width);
        Tensor small = image;
        if (down > 1 || across > 1) {
            int rows = image.size(1) / down;
            int columns = image.size(2) / across;
            small = image.narrow(1, 0, rows * down)
                    .narrow(2, 0, columns * across)
                    .contiguous()
                    .reshape(image.size(0), rows, down, columns, across)
                    .mean(false, 2, 4);
        }
        return small.size(1) == height && small.size(2) == width
                ? small
                : small.unsqueeze(0)
                        .interpolate(height, width, ResampleOp.Mode.BILINEAR, false)
                        .squeeze(0);
    }

    /// A data set whose images are given this shape when they are read.
    public Dataset on(Dataset source) {
        return new Dataset() {
            @Override
            public int size() {
                return source.size();
            }

            @Override
            public Sample get(int index) {
                Sample sample = source.get(index);
                return new Sample(apply(sample.input()), sample.target());
            }

            @Override
            public long label(int index) {
                return source.label(index);
            }

            @Override
            public java.util.List<String> classNames() {
                return source.classNames();
            }
        };
    }
}
