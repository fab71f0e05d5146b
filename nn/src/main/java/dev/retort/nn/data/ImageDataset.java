package dev.retort.nn.data;

import java.util.List;
import java.util.Objects;

/// Labelled images of one size, kept as bytes: a quarter of the memory of floats. [#get] gives `F32` [C,
/// H, W] with values byte / 255.
public final class ImageDataset implements Dataset {
    private final byte[] pixels;
    private final int channels;
    private final int height;
    private final int width;
    private final int[] labels;
    private final List<String> classNames;

    /// Images `pixels` [N, C, H, W] (unsigned, not copied) with `labels` `[N]` (not copied), each a class
    /// index or [Sample#UNLABELLED].
    ///
    /// @throws IllegalArgumentException if pixels and labels disagree in number, or a label is no index
    ///                                  of `classNames`
    public ImageDataset(byte[] pixels, int channels, int height, int width, int[] labels, List<String> classNames) {
        long expected = (long) labels.length * channels * height * width;
        if (channels < 1 || height < 1 || width < 1 || pixels.length != expected) {
            throw new IllegalArgumentException("images: expects " + labels.length + " images of " + channels + " x "
                    + height + " x " + width + " bytes, got " + pixels.length + " bytes");
        }
        for (int i = 0; i < labels.length; i++) {
            boolean named = classNames.isEmpty() || labels[i] < classNames.size();
            if (labels[i] < Sample.UNLABELLED || !named) {
                throw new IllegalArgumentException(
                        "images: expects labels below " + classNames.size() + ", got " + labels[i] + " at index " + i);
            }
        }
        this.pixels = pixels;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.labels = labels;
        this.classNames = List.copyOf(classNames);
    }

    /// The same images (not copied) with names for the classes.
    ///
    /// @throws IllegalArgumentException if a label is no index of the names
    public ImageDataset withClassNames(List<String> names) {
        return new ImageDataset(pixels, channels, height, width, labels, names);
    }

    @Override
    public int size() {
        return labels.length;
    }

    /// Number of channels: 1 for grey, 3 for red, green, blue.
    public int channels() {
        return channels;
    }

    /// Height of each image in pixels.
    public int height() {
        return height;
    }

    /// Width of each image in pixels.
    public int width() {
        return width;
    }

    /// The unsigned bytes of one image, [C, H, W] in row-major order, as a copy.
    public byte[] bytes(int index) {
        Objects.checkIndex(index, size());
        int length = channels * height * width;
        return java.util.Arrays.copyOfRange(pixels, index * length, (index + 1) * length);
    }

    @Override
    public Sample get(int index) {
        Objects.checkIndex(index, size());
        int length = channels * height * width;
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (pixels[index * length + i] & 0xFF) / 255f;
        }
        return Sample.image(values, channels, height, width, labels[index]);
    }

    @Override
    public long label(int index) {
        return labels[index];
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }
}
