package dev.retort.tensor.cpu.simd.planes;

/// Sizes of a two-dimensional convolution: input `[batch, channels, height, width]`, weight
/// `[filters, channels / groups, kernelH, kernelW]`, output `[batch, filters, outHeight, outWidth]`, all
/// contiguous.
public record ConvShape(
        int batch,
        int channels,
        int height,
        int width,
        int filters,
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int padH,
        int padW,
        int dilationH,
        int dilationW,
        int groups) {

    /// Rows of the output.
    public int outHeight() {
        return Math.floorDiv(height + 2 * padH - dilationH * (kernelH - 1) - 1, strideH) + 1;
    }

    /// Columns of the output.
    public int outWidth() {
        return Math.floorDiv(width + 2 * padW - dilationW * (kernelW - 1) - 1, strideW) + 1;
    }

    /// Input channels of a group.
    public int groupChannels() {
        return channels / groups;
    }

    /// Filters of a group.
    public int groupFilters() {
        return filters / groups;
    }

    /// Positions of the kernel.
    public int taps() {
        return kernelH * kernelW;
    }

    /// Floats of the weight.
    public int weights() {
        return filters * groupChannels() * taps();
    }

    /// Whether every group has one input channel, and there are several groups.
    public boolean depthwise() {
        return groups == channels && groups > 1;
    }

    /// Whether the output has no element, or no channel is summed.
    public boolean empty() {
        return batch == 0 || filters == 0 || channels == 0 || outHeight() <= 0 || outWidth() <= 0;
    }

    /// A 1x1 convolution that touches every pixel once: its planes may be read as single rows.
    public boolean pointwise() {
        return kernelH == 1 && kernelW == 1 && strideH == 1 && strideW == 1 && padH == 0 && padW == 0;
    }

    /// The same pointwise convolution on planes of one long row.
    public ConvShape flattened() {
        return new ConvShape(batch, channels, 1, height * width, filters, 1, 1, 1, 1, 0, 0, 1, 1, groups);
    }
}
